import { createRandom, EVALUATOR_CONTRACT, type EvaluationResult, type Evaluator, type Kernels } from '@embedbag/core';
import { createStepBuffer, type StepBuffer, splitColumns } from './step-buffers.js';
import { batchTextHashes, readTextBatch, type TextBatch } from './text-batch.js';
import type { TrainingPlan } from './training-plan.js';

/** The name of the evaluator, and of its figure over all held-out datasets. */
export const HELD_OUT_LOSS = 'loss';

interface Sum {
  rows: number;
  loss: number;
}

/** The loss of `textBatch`, without its gradient. */
async function lossOfBatch(
  plan: TrainingPlan,
  index: number,
  textBatch: TextBatch,
  { stream, buffer }: { readonly stream: string; readonly buffer: StepBuffer },
): Promise<number> {
  const loss = plan.evalLosses[index]!;
  const { kernels, table } = plan.model;
  const { texts, rows, extras, dataset } = textBatch;
  const random = createRandom(plan.arguments.seed, stream);
  const textHashes = loss.prepare === undefined ? [] : batchTextHashes(textBatch);
  const toPrepare = { ...extras, texts, textHashes, dataset: dataset.name, rows, random };
  const prepared = await loss.prepare?.(toPrepare, plan.signal);
  const embeddings = buffer.take(texts.length * rows.length * table.columns);
  kernels.bagForward(table, plan.model.tokenize(texts.flat()), embeddings);
  return loss.compute({
    ...extras,
    embeddings: splitColumns(embeddings, texts.length),
    rows: rows.length,
    dimension: table.columns,
    prepared,
    kernels,
    products: plan.products,
  });
}

async function sumOfDataset(plan: TrainingPlan, index: number, buffer: StepBuffer): Promise<Sum> {
  const dataset = plan.evalDatasets[index]!;
  const { seed, perDeviceEvalBatchSize: batchSize } = plan.arguments;
  const streamSeed = createRandom(seed, `held-out-batch-sampler/${index}`).uint32();
  const batches = plan.batchSampler.open(dataset, { batchSize, dropLast: false, seed: streamSeed });
  const sum = { rows: 0, loss: 0 };
  for (let batch = 0; batch < batches.count; batch++) {
    plan.signal?.throwIfAborted();
    const rows = batches.next();
    if (rows === undefined) break;
    const textBatch = await readTextBatch(dataset, { dataset: index, rows }, plan.evalLosses[index]!);
    const stream = `held-out-loss/${index}/${batch}`;
    sum.loss += rows.length * (await lossOfBatch(plan, index, textBatch, { stream, buffer }));
    sum.rows += rows.length;
  }
  return sum;
}

/**
 * The loss on held-out datasets as an evaluator: `loss` over all their rows, and `<name>_loss` of each where there are
 * several. The batches are the same at every call. Larger batches have more negatives and a larger loss, so compare
 * figures of one `perDeviceEvalBatchSize` alone.
 */
export function heldOutLoss(plan: TrainingPlan, kernels: Kernels): Evaluator {
  return {
    contract: EVALUATOR_CONTRACT,
    name: HELD_OUT_LOSS,
    config: {},
    async evaluate(): Promise<EvaluationResult> {
      const buffer = createStepBuffer(kernels, 0);
      const sums: Sum[] = [];
      try {
        for (const index of plan.evalDatasets.keys()) sums.push(await sumOfDataset(plan, index, buffer));
      } finally {
        buffer.release();
      }
      const rows = sums.reduce((all, sum) => all + sum.rows, 0);
      const loss = sums.reduce((all, sum) => all + sum.loss, 0) / rows;
      const parts = sums.map((sum, i) => [`${plan.evalDatasets[i]!.name}_loss`, sum.loss / sum.rows] as const);
      const metrics = { [HELD_OUT_LOSS]: loss, ...(parts.length > 1 ? Object.fromEntries(parts) : {}) };
      return { metrics, primaryMetric: HELD_OUT_LOSS };
    },
  };
}
