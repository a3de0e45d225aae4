import { type EmbeddingModel, EVALUATOR_CONTRACT, type Evaluator } from '@embedbag/core';
import { expect, test } from 'vitest';
import { breakPlugin, expectCheckFails, type PluginDefect } from './broken-plugins.js';
import { evaluatorChecks } from './evaluator-checks.js';
import { testEvaluator } from './test-evaluator.js';

const QUERIES = ['one', 'two', 'three', 'four', 'five'];
const DOCUMENTS = ['eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs'];

async function rankSum(model: EmbeddingModel, signal: AbortSignal | undefined): Promise<number> {
  signal?.throwIfAborted();
  const [queries, documents] = [await model.embed(QUERIES), await model.embed(DOCUMENTS)];
  signal?.throwIfAborted();
  const { indices, k } = model.kernels.topK({ queries, documents, k: DOCUMENTS.length, similarity: 'cosine' });
  return QUERIES.reduce((sum, _, query) => sum + indices.subarray(query * k, (query + 1) * k).indexOf(query), 0);
}

/** The mean rank of the document with the query's number. */
function rankEvaluator(): Evaluator {
  return {
    contract: EVALUATOR_CONTRACT,
    name: 'ranks',
    config: { documents: DOCUMENTS.length },
    async evaluate(model, { signal, onProgress } = {}) {
      onProgress?.(0.5);
      const meanRank = (await rankSum(model, signal)) / QUERIES.length;
      onProgress?.(1);
      return { metrics: { mean_rank: meanRank, queries: QUERIES.length }, primaryMetric: 'mean_rank' };
    },
  };
}

testEvaluator({ name: 'ranks', create: rankEvaluator });

const DEFECTS: readonly PluginDefect<Evaluator>[] = [
  { what: 'has another contract', noticedBy: 'names itself', broken: () => ({ contract: 'x' as never }) },
  {
    what: 'keeps texts in a set in its config',
    noticedBy: 'names itself',
    broken: () => ({ config: new Set() as never }),
  },
  {
    what: 'divides by nothing',
    noticedBy: 'finite figures',
    broken: (right) => ({
      async evaluate(model, options) {
        const result = await right.evaluate(model, options);
        return { ...result, metrics: { ...result.metrics, share: 0 / 0 } };
      },
    }),
  },
  {
    what: 'names a primary figure that is not there',
    noticedBy: 'finite figures',
    broken: (right) => ({
      evaluate: async (model, options) => ({ ...(await right.evaluate(model, options)), primaryMetric: 'ndcg@10' }),
    }),
  },
  {
    what: 'remembers the model before',
    noticedBy: 'same figures twice',
    broken: (right) => {
      let sum = 0;
      return {
        async evaluate(model, options) {
          const { metrics, primaryMetric } = await right.evaluate(model, options);
          sum += metrics[primaryMetric]!;
          return { metrics: { ...metrics, sum }, primaryMetric };
        },
      };
    },
  },
  {
    what: 'does not wait for the embeddings',
    noticedBy: 'answers later',
    broken: (right) => ({
      evaluate: (model, options) =>
        right.evaluate(
          {
            ...model,
            embed(texts, how) {
              const matrix = model.embed(texts, how);
              return 'data' in matrix
                ? matrix
                : { data: new Float32Array(texts.length * 16), rows: texts.length, columns: 16 };
            },
          },
          options,
        ),
    }),
  },
  {
    what: 'keeps its sums outside of a run',
    noticedBy: 'two models at the same time',
    broken: () => {
      let sum = 0;
      return {
        async evaluate(model) {
          sum = 0;
          for (const [query, text] of QUERIES.entries()) {
            const [a, b] = [await model.embed([text]), await model.embed([DOCUMENTS[query]!])];
            sum += a.data[0]! * b.data[0]!;
          }
          return { metrics: { sum }, primaryMetric: 'sum' };
        },
      };
    },
  },
  {
    what: 'measures the number of queries',
    noticedBy: 'depends on the embeddings',
    broken: (right) => ({
      evaluate: async (model, options) => ({ ...(await right.evaluate(model, options)), primaryMetric: 'queries' }),
    }),
  },
  {
    what: 'tells progress in per cent',
    noticedBy: 'never backwards',
    broken: (right) => ({
      evaluate: (model, options) =>
        right.evaluate(model, { ...options, onProgress: (share) => options?.onProgress?.(share * 100) }),
    }),
  },
  {
    what: 'tells what is left',
    noticedBy: 'never backwards',
    broken: (right) => ({
      evaluate: (model, options) =>
        right.evaluate(model, { ...options, onProgress: (share) => options?.onProgress?.(1 - share) }),
    }),
  },
  {
    what: 'ignores the signal',
    noticedBy: 'reason of the signal',
    broken: (right) => ({ evaluate: (model) => right.evaluate(model) }),
  },
  {
    what: 'looks at the signal once, before it begins',
    noticedBy: 'reason of the signal',
    broken: (right) => ({
      async evaluate(model, options) {
        options?.signal?.throwIfAborted();
        return right.evaluate(model);
      },
    }),
  },
  {
    what: 'gives an empty result when the model fails',
    noticedBy: 'error of the model',
    broken: (right) => ({
      evaluate: (model, options) =>
        right.evaluate(model, options).catch(() => ({ metrics: { mean_rank: 0 }, primaryMetric: 'mean_rank' })),
    }),
  },
  {
    what: 'keeps memory of the kernels',
    noticedBy: 'gives back',
    broken: (right) => ({
      evaluate(model, options) {
        model.kernels.allocateFloat32(8);
        return right.evaluate(model, options);
      },
    }),
  },
  {
    what: 'disposes the kernels',
    noticedBy: 'gives back',
    broken: (right) => ({
      async evaluate(model, options) {
        const result = await right.evaluate(model, options);
        model.kernels.dispose();
        return result;
      },
    }),
  },
];

test.each(DEFECTS)('the check $noticedBy notices an evaluator that $what', async (defect) => {
  const create = (): Evaluator => breakPlugin(rankEvaluator(), defect);
  await expectCheckFails(evaluatorChecks, defect.noticedBy, { create, dimension: 16 });
});

test('every check of an evaluator is shown to notice something', () => {
  for (const { title } of evaluatorChecks) {
    expect(DEFECTS.filter(({ noticedBy }) => title.includes(noticedBy)).length, title).toBeGreaterThan(0);
  }
});
