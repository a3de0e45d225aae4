import {
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type EvaluateOptions,
  type EvaluationResult,
  type Evaluator,
} from '@embedbag/core';
import { expect } from 'vitest';
import { type ContractCheck, expectPlugin } from './contract-check.js';
import { expectItems } from './evaluated-items-checks.js';
import { countAllocations } from './loss-case.js';
import { createNaiveKernels } from './naive-kernels.js';
import { type TextModelOptions, textModel } from './text-model.js';

/** What the checks of an evaluator need to know; see `TestEvaluatorOptions`. */
export interface EvaluatorCheckSettings {
  readonly create: () => Evaluator | Promise<Evaluator>;
  readonly dimension: number;
}

type Check = ContractCheck<EvaluatorCheckSettings>;

const MODELS = 6;

type ModelFor = (options?: Partial<TextModelOptions>) => EmbeddingModel;

/** A check with a fresh evaluator, and with models of texts on kernels that are disposed in the end. */
function evaluatorCheck(
  title: string,
  body: (evaluator: Evaluator, modelFor: ModelFor, settings: EvaluatorCheckSettings) => Promise<void>,
): Check {
  return {
    title,
    async run(settings) {
      const kernels = createNaiveKernels();
      try {
        const { dimension } = settings;
        await body(
          await settings.create(),
          (options) => textModel({ dimension, seed: 1, kernels, ...options }),
          settings,
        );
      } finally {
        kernels.dispose();
      }
    },
  };
}

/** The figures as text, in which not-a-number and the order of the keys count too. */
function written({ metrics, primaryMetric }: EvaluationResult): string {
  return JSON.stringify({
    primaryMetric,
    metrics: Object.entries(metrics).map(([key, value]) => [key, String(value)]),
  });
}

/** Aborts with a reason of its own when the model is asked for the first time, or before. */
async function expectAborts(evaluator: Evaluator, modelFor: ModelFor, when: 'before' | 'while'): Promise<void> {
  const controller = new AbortController();
  const reason = new Error('the reader left');
  if (when === 'before') controller.abort(reason);
  let asked = 0;
  const model = modelFor({
    onEmbed: () => {
      asked += 1;
      controller.abort(reason);
    },
  });
  const options: EvaluateOptions = { signal: controller.signal };
  await expect(evaluator.evaluate(model, options), `aborted ${when} it runs`).rejects.toBe(reason);
  if (when === 'before') expect(asked, 'calls of the model after the abort').toBe(0);
}

const resultChecks: readonly Check[] = [
  evaluatorCheck('gives finite figures and names one of them as the primary one', async (evaluator, modelFor) => {
    const { metrics, primaryMetric } = await evaluator.evaluate(modelFor());
    expect(Object.keys(metrics).length).toBeGreaterThan(0);
    for (const [key, value] of Object.entries(metrics)) {
      expect(Number.isFinite(value), `\`${key}\` is finite, received ${value}`).toBe(true);
    }
    expect(Object.keys(metrics), 'the keys of `metrics`, `primaryMetric` among them').toContain(primaryMetric);
  }),
  evaluatorCheck('gives the same figures twice, also when it is made again', async (evaluator, modelFor, settings) => {
    const first = written(await evaluator.evaluate(modelFor()));
    await evaluator.evaluate(modelFor({ seed: 2 }));
    expect(written(await evaluator.evaluate(modelFor()))).toBe(first);
    expect(written(await (await settings.create()).evaluate(modelFor()))).toBe(first);
  }),
  evaluatorCheck('gives the same figures for a model that answers later', async (evaluator, modelFor) => {
    const now = written(await evaluator.evaluate(modelFor()));
    expect(written(await evaluator.evaluate(modelFor({ isAsynchronous: true })))).toBe(now);
  }),
  evaluatorCheck('gives the same figures for two models at the same time', async (evaluator, modelFor) => {
    const models = [1, 2].map((seed) => modelFor({ seed, isAsynchronous: true }));
    const alone: string[] = [];
    for (const model of models) alone.push(written(await evaluator.evaluate(model)));
    const together = await Promise.all(models.map((model) => evaluator.evaluate(model)));
    expect(together.map(written)).toEqual(alone);
  }),
  evaluatorCheck('judges the model: the primary figure depends on the embeddings', async (evaluator, modelFor) => {
    const figures = new Set<number>();
    for (let seed = 1; seed <= MODELS; seed++) {
      const { metrics, primaryMetric } = await evaluator.evaluate(modelFor({ seed }));
      figures.add(metrics[primaryMetric]!);
    }
    expect(figures.size, `different figures for ${MODELS} random models`).toBeGreaterThan(1);
  }),
];

const detailChecks: readonly Check[] = [
  evaluatorCheck('gives items where asked, of which its figures are made', async (evaluator, modelFor) => {
    const plain = await evaluator.evaluate(modelFor());
    expect(plain.items, '`items` without `withItems`').toBeUndefined();
    const result = await evaluator.evaluate(modelFor(), { withItems: true });
    expect(written(result), 'the figures with items').toBe(written(plain));
    if (result.items === undefined) return;
    expectItems(result, result.items);
    const other = await evaluator.evaluate(modelFor({ seed: 2 }), { withItems: true });
    expect(other.items?.ids, 'the same items for another model').toEqual(result.items.ids);
  }),
  evaluatorCheck('gives rows of CSV files that fit their headers', async (evaluator, modelFor) => {
    const { csv = [] } = await evaluator.evaluate(modelFor());
    for (const { fileName, columns, values } of csv) {
      expect(fileName).toMatch(/^[^/]+\.csv$/);
      expect(values.length, `values of ${columns.length} columns in ${fileName}`).toBe(columns.length);
      expect(new Set(columns).size, `distinct columns in ${fileName}`).toBe(columns.length);
    }
    expect(new Set(csv.map(({ fileName }) => fileName)).size, 'distinct files').toBe(csv.length);
  }),
];

const courseChecks: readonly Check[] = [
  evaluatorCheck('tells progress between 0 and 1, never backwards', async (evaluator, modelFor) => {
    const shares: number[] = [];
    await evaluator.evaluate(modelFor(), { onProgress: (share) => shares.push(share) });
    expect(
      shares.every((share) => share >= 0 && share <= 1),
      `shares from 0 to 1, received ${shares}`,
    ).toBe(true);
    expect(shares, 'shares that only grow').toEqual([...shares].sort((a, b) => a - b));
  }),
  evaluatorCheck('ends with the reason of the signal, before and while it runs', async (evaluator, modelFor) => {
    await expectAborts(evaluator, modelFor, 'before');
    await expectAborts(evaluator, modelFor, 'while');
  }),
  evaluatorCheck('lets an error of the model through', async (evaluator, modelFor) => {
    const failure = new Error('the model is gone');
    const model = modelFor({
      onEmbed: () => {
        throw failure;
      },
    });
    await expect(evaluator.evaluate(model)).rejects.toBe(failure);
  }),
  evaluatorCheck('gives back what it allocates and leaves the model in working order', async (evaluator, modelFor) => {
    const model = modelFor();
    const counted = countAllocations(model.kernels);
    await evaluator.evaluate({ ...model, kernels: counted.kernels });
    expect(counted.held(), 'arrays of the kernels that were not released').toBe(0);
    model.kernels.release(model.kernels.allocateFloat32(1));
  }),
];

/** All checks of an evaluator. */
export const evaluatorChecks: readonly Check[] = [
  {
    title: 'names itself and has a config of plain JSON',
    run: async ({ create }) => expectPlugin(await create(), await create(), EVALUATOR_CONTRACT),
  },
  ...resultChecks,
  ...detailChecks,
  ...courseChecks,
];
