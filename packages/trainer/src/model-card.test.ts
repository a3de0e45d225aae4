import type { Loss } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import { expect, test } from 'vitest';
import { modelCard } from './model-card.js';
import { createRunProgress, type RunProgress } from './run-progress.js';
import type { EvaluationRecord, TrainOptions } from './train-options.js';
import { resolveTrainingArguments } from './training-arguments.js';
import { pairsDataset, scriptedLoss, tinyModel } from './training-fixtures.js';
import { planTraining } from './training-plan.js';

async function cardOf(
  options: Partial<Pick<TrainOptions, 'loss' | 'datasets'>> = {},
  progress: Partial<RunProgress> = {},
  evaluations: readonly EvaluationRecord[] = [],
): Promise<string> {
  const kernels = createTypeScriptKernels();
  const model = await tinyModel(kernels);
  const plan = planTraining({
    model,
    datasets: [pairsDataset('first', 64), pairsDataset('second', 32, 64)],
    loss: multipleNegativesRankingLoss(),
    evaluators: [],
    evalDatasets: [],
    callbacks: [],
    arguments: resolveTrainingArguments({ perDeviceTrainBatchSize: 16 }),
    batchSampler: noDuplicatesBatchSampler(),
    multiDatasetBatchSampler: proportionalBatchSampler(),
    ...options,
  });
  const card = modelCard(plan, { ...createRunProgress(), ...progress }, evaluations);
  kernels.dispose();
  return card;
}

test('the card of a whole run tells the data, the loss and the arguments', async () => {
  const card = await cardOf({}, { step: 6, pairs: 96 });
  expect(card).toContain('# Static embedding model, 8 dimensions\n');
  expect(card).toContain('6 steps, with a warm-up of 1 step, over 96 rows, on `typescript` kernels with 1 thread.\n');
  expect(card).toContain('| first | 64 | anchor, positive |\n| second | 32 | anchor, positive |');
  expect(card).toContain('`MultipleNegativesRankingLoss`:\n\n```json\n{\n  "scale": 20');
  expect(card).toContain('- `batchSampler`: NO_DUPLICATES\n- `multiDatasetBatchSampler`: PROPORTIONAL\n');
  expect(card).not.toContain('## Evaluation');
});

test('the card of a run that was stopped tells the plan', async () => {
  expect(await cardOf({}, { step: 2, pairs: 32 })).toContain('The plan was 6 steps.');
});

test('the newest score of each evaluator is shown, its primary metric in bold', async () => {
  const record = (step: number, value: number): EvaluationRecord => ({
    step,
    name: 'tiny',
    result: { metrics: { 'tiny_cosine_ndcg@10': value, tiny_other: 1 }, primaryMetric: 'tiny_cosine_ndcg@10' },
  });
  const card = await cardOf({}, { step: 6 }, [record(3, 0.25), record(6, 0.5)]);
  expect(card).toContain('| **tiny_cosine_ndcg@10** | 0.5000 |\n| tiny_other | 1.0000 |');
  expect(card).not.toContain('0.2500');
});

test('losses by dataset are named with their datasets, and each citation comes once', async () => {
  const first: Loss = { ...scriptedLoss(() => 1), citation: '@misc{one}' };
  const second: Loss = { ...multipleNegativesRankingLoss(), citation: '@misc{one}' };
  const card = await cardOf({ loss: { first, second } });
  expect(card).toContain('`ScriptedLoss` for `first`:');
  expect(card).toContain('`MultipleNegativesRankingLoss` for `second`:');
  expect(card.split('@misc{one}')).toHaveLength(2);
});

test('a name with a bar does not break the table', async () => {
  expect(await cardOf({ datasets: [pairsDataset('a|b', 20)] })).toContain('| a\\|b | 20 |');
});
