import { type EmbeddingModel, EVALUATOR_CONTRACT, type Evaluator } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { testEvaluator } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { informationRetrievalEvaluator } from './information-retrieval-evaluator.js';
import { sequentialEvaluator } from './sequential-evaluator.js';

const texts = { a: 'one', b: 'two', c: 'three', d: 'four' };

testEvaluator({
  name: 'SequentialEvaluator',
  create: () => {
    const parts = ['first', 'second'].map((name) => {
      const corpus = Object.fromEntries(Object.entries(texts).map(([id, text]) => [id, `${name} ${text}`]));
      return informationRetrievalEvaluator({ name, queries: texts, corpus, relevantDocs: { a: ['a'], b: ['b', 'c'] } });
    });
    return sequentialEvaluator(parts, { mainScore: 'mean' });
  },
});

const model: EmbeddingModel = {
  dimension: 1,
  kernels: createTypeScriptKernels(),
  embed: (texts) => ({ data: new Float32Array(texts.length), rows: texts.length, columns: 1 }),
};

function evaluatorOf(name: string, score: number, log: string[] = []): Evaluator {
  return {
    contract: EVALUATOR_CONTRACT,
    name,
    config: { score },
    async evaluate(_, options) {
      log.push(name);
      options?.onProgress?.(0.5);
      options?.onProgress?.(1);
      return { metrics: { [`${name}_ndcg@10`]: score, [`${name}_map@100`]: 0 }, primaryMetric: `${name}_ndcg@10` };
    },
  };
}

test('runs the evaluators in order and gives all their figures, with the last score as its own', async () => {
  const log: string[] = [];
  const evaluator = sequentialEvaluator([evaluatorOf('a', 0.25, log), evaluatorOf('b', 0.75, log)]);
  expect(await evaluator.evaluate(model)).toEqual({
    metrics: { 'a_ndcg@10': 0.25, 'a_map@100': 0, 'b_ndcg@10': 0.75, 'b_map@100': 0, sequential_score: 0.75 },
    primaryMetric: 'sequential_score',
    csv: [],
  });
  expect(log).toEqual(['a', 'b']);
});

test('gives the mean of the scores where asked', async () => {
  const evaluator = sequentialEvaluator([evaluatorOf('a', 0.25), evaluatorOf('b', 0.75)], { mainScore: 'mean' });
  expect((await evaluator.evaluate(model)).metrics.sequential_score).toBe(0.5);
  expect(evaluator.config).toEqual({
    mainScore: 'mean',
    evaluators: [
      { name: 'a', config: { score: 0.25 } },
      { name: 'b', config: { score: 0.75 } },
    ],
  });
});

test('tells the progress of all, and stops between two where the signal is aborted', async () => {
  const shares: number[] = [];
  const log: string[] = [];
  const evaluator = sequentialEvaluator([evaluatorOf('a', 0, log), evaluatorOf('b', 0, log)]);
  await evaluator.evaluate(model, { onProgress: (share) => shares.push(share) });
  expect(shares).toEqual([0.25, 0.5, 0.75, 1]);

  const controller = new AbortController();
  const aborted = evaluator.evaluate(model, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  });
  await expect(aborted).rejects.toThrow('enough');
  expect(log).toEqual(['a', 'b', 'a']);
});

test('refuses an empty list and two evaluators with the same key', async () => {
  expect(() => sequentialEvaluator([])).toThrow(
    'Expected `evaluators` to hold at least one evaluator, received none. Give one.',
  );
  await expect(sequentialEvaluator([evaluatorOf('a', 0), evaluatorOf('a', 1)]).evaluate(model)).rejects.toThrow(
    'Expected every evaluator to have keys of its own, received `a_ndcg@10` from two. Give each evaluator its own `name`.',
  );
});
