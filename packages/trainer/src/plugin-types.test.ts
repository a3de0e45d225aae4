import {
  type BatchSampler,
  type Evaluator,
  LOSS_CONTRACT,
  type Loss,
  type LossComputeInput,
  type LossPrepareInput,
  type MultiDatasetBatchSampler,
} from '@embedbag/core';
import { datasetFromColumns } from '@embedbag/datasets';
import { createTypeScriptKernels } from '@embedbag/kernels';
import {
  gistEmbedLoss,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  sumOfLosses,
  tripletLoss,
} from '@embedbag/losses';
import { noDuplicatesBatchSampler } from '@embedbag/samplers';
import { expect, expectTypeOf, test } from 'vitest';
import { train } from './train.js';
import { tinyModel } from './training-fixtures.js';

/**
 * What must not compile stands below `@ts-expect-error`: should it compile one day, `pnpm typecheck` fails. The functions
 * are never called; the types alone are looked at.
 */
type TrainingConfig = Parameters<typeof train>[0];

interface PluginOptions {
  readonly margin: number;
  readonly side?: 'left' | 'right';
}

/** A plugin as someone else would write it, which prepares a list of numbers. */
function pluginLoss(options: PluginOptions): Loss<readonly number[]> {
  return {
    contract: LOSS_CONTRACT,
    name: 'PluginLoss',
    config: { ...options },
    columns: { min: 2, labels: 'none' },
    prepare: async ({ rows }) => [...rows],
    compute({ prepared }, gradients) {
      for (const gradient of gradients ?? []) gradient.fill(0);
      return prepared.length * options.margin;
    },
  };
}

type Config = Pick<TrainingConfig, 'loss' | 'arguments' | 'batchSampler' | 'evaluators' | 'multiDatasetBatchSampler'>;

/** Where the options of a plugin are written. */
const configured = (config: Config): Config => config;

test('the options of a plugin are those of its function, inside the training config', () => {
  expectTypeOf(pluginLoss).parameter(0).toEqualTypeOf<PluginOptions>();
  const right = (): Config => configured({ loss: pluginLoss({ margin: 1, side: 'left' }) });
  const wrong = (): Config[] => [
    // @ts-expect-error The option is called `margin`.
    configured({ loss: pluginLoss({ margn: 1 }) }),
    // @ts-expect-error A margin is a number.
    configured({ loss: pluginLoss({ margin: '1' }) }),
    // @ts-expect-error There are two sides.
    configured({ loss: pluginLoss({ margin: 1, side: 'middle' }) }),
    // @ts-expect-error The margin is missing.
    configured({ loss: pluginLoss({}) }),
    // @ts-expect-error There is no third option.
    configured({ loss: { faq: pluginLoss({ margin: 1, scale: 20 }) } }),
  ];
  expect([right, wrong]).toHaveLength(2);
});

test('the options of our own losses are checked in the same place', () => {
  const wrong = (): Config[] => [
    // @ts-expect-error The option is called `scale`.
    configured({ loss: multipleNegativesRankingLoss({ temperature: 0.05 }) }),
    // @ts-expect-error A guide is needed.
    configured({ loss: gistEmbedLoss({ margin: 0.05 }) }),
    // @ts-expect-error Not a metric of triplets.
    configured({ loss: tripletLoss({ distanceMetric: 'dot' }) }),
    // @ts-expect-error The dims are missing.
    configured({ loss: matryoshkaLoss(pluginLoss({ margin: 1 }), {}) }),
    // @ts-expect-error The option of the inner loss is wrong.
    configured({ loss: matryoshkaLoss(pluginLoss({ margin: true }), { dims: [8] }) }),
    // @ts-expect-error Weights are numbers.
    configured({ loss: sumOfLosses([pluginLoss({ margin: 1 })], { weights: ['1'] }) }),
  ];
  expect(wrong).toBeTypeOf('function');
});

test('what a plugin prepares is what it computes with, also under another loss', () => {
  type Prepared<One> = One extends Loss<infer Inner> ? Inner : never;
  const under = (): unknown => matryoshkaLoss(pluginLoss({ margin: 1 }), { dims: [8] });
  type Under = ReturnType<typeof matryoshkaLoss<readonly number[]>>;
  expectTypeOf<Parameters<Loss<readonly number[]>['compute']>[0]['prepared']>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<NonNullable<Prepared<Under>>['inner']>().toEqualTypeOf<readonly number[]>();
  const wrong = (): Loss<readonly number[]> => ({
    ...pluginLoss({ margin: 1 }),
    // @ts-expect-error It prepares numbers.
    prepare: async ({ texts }: LossPrepareInput): Promise<readonly string[]> => texts.flat(),
    // @ts-expect-error It computes with numbers.
    compute: ({ prepared }: LossComputeInput<readonly number[]>): number => prepared.toUpperCase(),
  });
  expect([under, wrong]).toHaveLength(2);
});

test('an object that lacks a part of the contract is no loss', () => {
  const right = pluginLoss({ margin: 1 });
  const { compute: _, ...withoutCompute } = right;
  const wrong = (): Config[] => [
    // @ts-expect-error It has no `compute`.
    configured({ loss: withoutCompute }),
    // @ts-expect-error It is made for another version of the contract.
    configured({ loss: { ...right, contract: 'embedbag/loss@0' } }),
    // @ts-expect-error Labels of that kind there are not.
    configured({ loss: { ...right, columns: { min: 2, labels: 'scores' } } }),
    // @ts-expect-error A function is no JSON.
    configured({ loss: { ...right, config: { distance: (a: number) => a } } }),
    // @ts-expect-error The value of a batch is a number.
    configured({ loss: { ...right, compute: () => 'low' } }),
    // @ts-expect-error A function that makes a loss is not a loss yet.
    configured({ loss: pluginLoss }),
    // @ts-expect-error A sampler is no loss.
    configured({ loss: noDuplicatesBatchSampler() }),
    // @ts-expect-error A loss is no sampler.
    configured({ loss: right, batchSampler: right }),
  ];
  expect(wrong).toBeTypeOf('function');
});

test('samplers and evaluators keep the options of their functions too', () => {
  const sampler = (_: { readonly buckets: number }): BatchSampler => noDuplicatesBatchSampler();
  const mixer = (_: { readonly weights: readonly number[] }): MultiDatasetBatchSampler => undefined as never;
  const evaluator = (_: { readonly at: number }): Evaluator => undefined as never;
  const loss = pluginLoss({ margin: 1 });
  const right = (): Config =>
    configured({
      loss,
      batchSampler: sampler({ buckets: 2 }),
      multiDatasetBatchSampler: mixer({ weights: [1] }),
      evaluators: [evaluator({ at: 10 })],
    });
  const wrong = (): Config[] => [
    // @ts-expect-error The option is called `buckets`.
    configured({ loss, batchSampler: sampler({ bucket: 2 }) }),
    // @ts-expect-error Weights are a list.
    configured({ loss, multiDatasetBatchSampler: mixer({ weights: 1 }) }),
    // @ts-expect-error A cutoff is a number.
    configured({ loss, evaluators: [evaluator({ at: '10' })] }),
    // @ts-expect-error The argument is called `learningRate`.
    configured({ loss, arguments: { learningRat: 0.2 } }),
    // @ts-expect-error There is no such strategy.
    configured({ loss, arguments: { evalStrategy: 'always' } }),
  ];
  expect([right, wrong]).toHaveLength(2);
});

test('the plugin whose types are looked at trains', async () => {
  const kernels = createTypeScriptKernels();
  const model = await tinyModel(kernels);
  const columns = { anchor: ['red stone', 'blue river'], positive: ['green', 'cloud'] };
  const summary = await train({
    model,
    datasets: [datasetFromColumns({ name: 'two', columns })],
    loss: { two: pluginLoss({ margin: 0.5 }) },
  });
  expect(summary.meanLoss).toBe(1);
  model.dispose();
  kernels.dispose();
});
