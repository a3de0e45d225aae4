import { type EmbeddingModel, EVALUATOR_CONTRACT, type EvaluatedItems, type Evaluator } from '@embedbag/core';
import { expect, test } from 'vitest';
import { breakPlugin, expectCheckFails, type PluginDefect } from './broken-plugins.js';
import { evaluatorChecks } from './evaluator-checks.js';
import { testEvaluator } from './test-evaluator.js';

const QUERIES = ['one', 'two', 'three', 'four', 'five'];
const DOCUMENTS = ['eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs'];

/** The rank of each query's document. */
async function ranksOf(model: EmbeddingModel, signal: AbortSignal | undefined): Promise<number[]> {
  signal?.throwIfAborted();
  const [queries, documents] = [await model.embed(QUERIES), await model.embed(DOCUMENTS)];
  signal?.throwIfAborted();
  const { indices, k } = model.kernels.topK({ queries, documents, k: DOCUMENTS.length, similarity: 'cosine' });
  return QUERIES.map((_, query) => indices.subarray(query * k, (query + 1) * k).indexOf(query));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function itemsOf(ranks: readonly number[]): EvaluatedItems {
  return {
    ids: QUERIES,
    groups: [QUERIES.length],
    values: { mean_rank: Float64Array.from(ranks) },
    measure(key, items) {
      if (key === 'queries') return items.length;
      return key === 'mean_rank' ? meanOf(Array.from(items, (item) => ranks[item]!)) : Number.NaN;
    },
  };
}

/** The evaluator with some of what it says about items replaced. */
function withItemsOf(right: Evaluator, change: (items: EvaluatedItems) => Partial<EvaluatedItems>): Partial<Evaluator> {
  return {
    async evaluate(model, options) {
      const result = await right.evaluate(model, options);
      return result.items === undefined ? result : { ...result, items: { ...result.items, ...change(result.items) } };
    },
  };
}

/** The mean rank of the document with the query's number. */
function rankEvaluator(): Evaluator {
  return {
    contract: EVALUATOR_CONTRACT,
    name: 'ranks',
    config: { documents: DOCUMENTS.length },
    async evaluate(model, { signal, onProgress, withItems = false } = {}) {
      onProgress?.(0.5);
      const ranks = await ranksOf(model, signal);
      onProgress?.(1);
      const meanRank = meanOf(ranks);
      return {
        metrics: { mean_rank: meanRank, queries: QUERIES.length },
        primaryMetric: 'mean_rank',
        csv: [{ fileName: 'ranks.csv', columns: ['mean'], values: [meanRank], lineEnd: '\n' }],
        ...(withItems && { items: itemsOf(ranks) }),
      };
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
    what: 'gives items unasked',
    noticedBy: 'items where asked',
    broken: (right) => ({ evaluate: (model, options) => right.evaluate(model, { ...options, withItems: true }) }),
  },
  {
    what: 'measures one item less than it is asked for',
    noticedBy: 'items where asked',
    broken: (right) =>
      withItemsOf(right, ({ measure }) => ({ measure: (key, items) => measure(key, Array.from(items).slice(1)) })),
  },
  {
    what: 'leaves an item out of its values',
    noticedBy: 'items where asked',
    broken: (right) => withItemsOf(right, ({ values }) => ({ values: { mean_rank: values.mean_rank!.slice(1) } })),
  },
  {
    what: 'gives values that its figure is not the mean of',
    noticedBy: 'items where asked',
    broken: (right) =>
      withItemsOf(right, ({ values }) => ({ values: { mean_rank: values.mean_rank!.map((value) => value + 1) } })),
  },
  {
    what: 'has groups that are not all of the items',
    noticedBy: 'items where asked',
    broken: (right) => withItemsOf(right, () => ({ groups: [2, 2] })),
  },
  {
    what: 'names items by the model',
    noticedBy: 'items where asked',
    broken: (right) => {
      let calls = 0;
      return withItemsOf(right, ({ ids }) => ({ ids: ids.map((id) => `${id} ${calls++}`) }));
    },
  },
  {
    what: 'leaves a cell out of its CSV row',
    noticedBy: 'CSV files',
    broken: (right) => ({
      async evaluate(model, options) {
        const result = await right.evaluate(model, options);
        return { ...result, csv: result.csv!.map((row) => ({ ...row, values: [] })) };
      },
    }),
  },
  {
    what: 'writes into another folder',
    noticedBy: 'CSV files',
    broken: (right) => ({
      async evaluate(model, options) {
        const result = await right.evaluate(model, options);
        return { ...result, csv: result.csv!.map((row) => ({ ...row, fileName: '../ranks.csv' })) };
      },
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
