import { testEvaluator } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { refusal } from './fixtures/refusal.js';
import { vectorModel } from './fixtures/vector-model.js';
import { NANO_BEIR_SPLITS } from './nano-beir-datasets.js';
import { nanoBeirEvaluator } from './nano-beir-evaluator.js';
import type { RetrievalSet } from './retrieval-task.js';

const words = ['one', 'two', 'three', 'four', 'five', 'six'];

testEvaluator({
  name: 'NanoBEIREvaluator, at several dims',
  create: () =>
    nanoBeirEvaluator({
      datasetNames: ['msmarco', 'nq'],
      truncateDims: [16, 4],
      load: (split) => ({
        queries: Object.fromEntries(words.slice(0, 4).map((word) => [word, `${split} query ${word}`])),
        corpus: Object.fromEntries(words.map((word) => [word, `${split} document ${word}`])),
        relevantDocs: { one: ['one', 'two'], two: ['three'] },
      }),
    }),
});

const model = vectorModel({ q: [1, 0], near: [1, 0.1], far: [0, 1] });
/** One query; the relevant document is first, or second. */
const set = (relevant: 'near' | 'far', queries = 1): RetrievalSet => {
  const ids = Array.from({ length: queries }, (_, i) => `q${i}`);
  return {
    queries: Object.fromEntries(ids.map((id) => [id, 'q'])),
    corpus: { near: 'near', far: 'far' },
    relevantDocs: Object.fromEntries(ids.map((id) => [id, [relevant]])),
  };
};
const sets: Record<string, RetrievalSet> = { NanoFEVER: set('near', 3), NanoArguAna: set('far') };

test('averages the datasets with equal weights, whatever their number of queries', async () => {
  const evaluator = nanoBeirEvaluator({ datasetNames: ['NanoFEVER', 'ARGUANA'], load: (split) => sets[split]! });
  const { metrics, primaryMetric, byDataset } = await evaluator.evaluate(model);
  expect(primaryMetric).toBe('NanoBEIR_mean_cosine_ndcg@10');
  expect(byDataset.NanoArguAna!.byDim[2]!['cosine_mrr@10']).toBe(1 / 2);
  expect(metrics['NanoFEVER_cosine_mrr@10']).toBe(1);
  expect(metrics['NanoArguAna_cosine_mrr@10']).toBe(1 / 2);
  expect(metrics['NanoBEIR_mean_cosine_mrr@10']).toBe(3 / 4);
});

test('takes all 13 datasets unless told, loads each once, and passes the signal', async () => {
  const loaded: string[] = [];
  const evaluator = nanoBeirEvaluator({
    load: async (split, { signal }) => {
      loaded.push(`${split} ${signal?.aborted}`);
      return set('near');
    },
  });
  const options = { signal: new AbortController().signal };
  await evaluator.evaluate(model, options);
  await evaluator.evaluate(model, options);
  expect(loaded).toEqual(NANO_BEIR_SPLITS.map((split) => `${split} false`));
  expect(NANO_BEIR_SPLITS).toHaveLength(13);
});

test('asks again for a dataset that could not be loaded', async () => {
  let attempts = 0;
  const evaluator = nanoBeirEvaluator({
    datasetNames: ['nq'],
    load: () => {
      attempts += 1;
      if (attempts === 1) throw new Error('no network');
      return set('near');
    },
  });
  await expect(evaluator.evaluate(model)).rejects.toThrow('no network');
  expect((await evaluator.evaluate(model)).metrics['NanoNQ_cosine_accuracy@1']).toBe(1);
});

test('a figure of its own under a key with underscores, and names with one dim', async () => {
  const { metrics } = await nanoBeirEvaluator({
    datasetNames: ['fever', 'arguana'],
    load: (split) => sets[split]!,
    aggregate: (figures) => Math.min(...figures),
    aggregateKey: 'the_worst',
    truncateDims: [2],
  }).evaluate(model);
  expect(metrics['NanoBEIR_the_worst_2_cosine_mrr@10']).toBe(1 / 2);
  expect(metrics['NanoFEVER_2_cosine_mrr@10']).toBe(1);
});

test('its items are the queries of all datasets, each dataset a group', async () => {
  const evaluator = nanoBeirEvaluator({
    datasetNames: ['fever', 'arguana'],
    load: (split) => sets[split]!,
    truncateDims: [2, 1],
  });
  const { items, metrics } = await evaluator.evaluate(model, { withItems: true });
  expect(items!.ids).toEqual(['NanoFEVER/q0', 'NanoFEVER/q1', 'NanoFEVER/q2', 'NanoArguAna/q0']);
  expect(items!.groups).toEqual([3, 1]);
  expect([...items!.values['NanoBEIR_mean_cosine_mrr@10']!]).toEqual([1, 1, 1, 1 / 2]);
  for (const [key, value] of Object.entries(metrics)) expect(items!.measure(key, [0, 1, 2, 3]), key).toBe(value);
  expect(items!.measure('NanoBEIR_mean_cosine_mrr@10', [0, 3, 3])).toBe(3 / 4);
  expect(items!.measure('unknown', [0, 3])).toBeNaN();
});

test('refuses names that it does not know', async () => {
  const load = (): RetrievalSet => set('near');
  expect(await refusal(() => nanoBeirEvaluator({ load, datasetNames: ['msmacro'] }))).toBe(
    'dataset-unknown: Expected `datasetNames` to hold NanoBEIR datasets (ClimateFEVER, DBPedia, FEVER, FiQA2018, HotpotQA, MSMARCO, NFCorpus, NQ, QuoraRetrieval, SCIDOCS, ArguAna, SciFact, Touche2020), received `msmacro`. Choose among these.',
  );
  expect(await refusal(() => nanoBeirEvaluator({ load, datasetNames: [] }))).toBe(
    'dataset-unknown: Expected `datasetNames` to hold at least one name, received none. Leave it out for all 13.',
  );
  expect(await refusal(() => nanoBeirEvaluator({ load, corpusChunkSize: 0 }))).toMatch(/^chunk-size-invalid/);
});
