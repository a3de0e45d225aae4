import { type EmbeddingModel, type EmbedOptions, isEmbedbagError } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { testEvaluator } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { informationRetrievalEvaluator } from './information-retrieval-evaluator.js';
import type { InformationRetrievalOptions } from './information-retrieval-options.js';

const kernels = createTypeScriptKernels();

interface EmbedCall {
  readonly texts: readonly string[];
  readonly options: EmbedOptions | undefined;
}

/** A model that reads its embeddings from the texts: `'1 0'` is the vector [1, 0]. */
function numberModel(dimension: number): EmbeddingModel & { readonly calls: EmbedCall[] } {
  const calls: EmbedCall[] = [];
  return {
    dimension,
    kernels,
    calls,
    embed(texts, options) {
      calls.push({ texts, options });
      return {
        data: Float32Array.from(texts.flatMap((text) => text.split(' ').map(Number))),
        rows: texts.length,
        columns: dimension,
      };
    },
  };
}

/** By cosine q1 finds d2, d1, d3; by its first column alone d1 and d2 are equal. */
const tiny = {
  name: 'tiny',
  queries: { q1: '1 0', q2: '0 1' },
  corpus: { d3: '-1 0', d2: '2 0.1', d1: '1 0.5' },
  relevantDocs: { q1: ['d2'] },
} satisfies InformationRetrievalOptions;

const words = ['one', 'two', 'three', 'four', 'five', 'six'];

testEvaluator({
  name: 'InformationRetrievalEvaluator, in chunks, at several dims',
  create: () =>
    informationRetrievalEvaluator({
      name: 'words',
      queries: Object.fromEntries(words.slice(0, 4).map((word) => [word, `the query ${word}`])),
      corpus: Object.fromEntries(words.map((word) => [word, `the document ${word}`])),
      relevantDocs: { one: ['one', 'two'], two: ['two'], three: ['six'] },
      truncateDims: [16, 4],
      similarityFunctions: ['cosine', 'dot'],
      ndcgAtK: [3],
      corpusChunkSize: 4,
    }),
});

test('ranks by cosine and by dot product where asked, each under its own keys', async () => {
  const evaluator = informationRetrievalEvaluator({
    ...tiny,
    corpus: { d1: '1 0', d2: '2 2' },
    similarityFunctions: ['dot', 'cosine'],
    mrrAtK: [2],
  });
  const { metrics, primaryMetric } = await evaluator.evaluate(numberModel(2));
  expect(metrics['tiny_cosine_mrr@2']).toBe(1 / 2);
  expect(metrics['tiny_dot_mrr@2']).toBe(1);
  expect(primaryMetric).toBe('tiny_dot_ndcg@10');
});

test('the primary metric is the largest NDCG cutoff of the main score function, or of the best one', async () => {
  const options = { ...tiny, similarityFunctions: ['cosine', 'dot'], ndcgAtK: [1, 3] } as const;
  const of = async (more: Partial<InformationRetrievalOptions>): Promise<string> =>
    (await informationRetrievalEvaluator({ ...options, ...more }).evaluate(numberModel(2))).primaryMetric;
  expect(await of({})).toBe('tiny_cosine_ndcg@3');
  expect(await of({ mainScoreFunction: 'dot' })).toBe('tiny_dot_ndcg@3');
  expect(await of({ name: '' })).toBe('cosine_ndcg@3');
});

test('breaks ties by ascending id, also between documents on both sides of the last rank', async () => {
  const corpus = { d9: '1 0', d10: '1 0', d1: '2 0', other: '0 1' };
  const rankOf = async (relevant: string): Promise<number> => {
    const options = { ...tiny, corpus, relevantDocs: { q1: [relevant] }, accuracyAtK: [1, 2, 3, 4], mapAtK: [1] };
    const result = await informationRetrievalEvaluator({ ...options, mrrAtK: [1], ndcgAtK: [1] }).evaluate(
      numberModel(2),
    );
    return [1, 2, 3, 4].find((k) => result.metrics[`tiny_cosine_accuracy@${k}`] === 1)!;
  };
  expect(await Promise.all(['d1', 'd10', 'd9', 'other'].map(rankOf))).toEqual([1, 2, 3, 4]);
  const options = { ...tiny, corpus, accuracyAtK: [1], precisionRecallAtK: [], mrrAtK: [1], ndcgAtK: [1], mapAtK: [1] };
  for (const corpusChunkSize of [1, 2, 3, 4]) {
    const first = informationRetrievalEvaluator({ ...options, relevantDocs: { q1: ['d1'] }, corpusChunkSize });
    expect((await first.evaluate(numberModel(2))).metrics['tiny_cosine_accuracy@1']).toBe(1);
    const second = informationRetrievalEvaluator({ ...options, relevantDocs: { q1: ['d10'] }, corpusChunkSize });
    expect((await second.evaluate(numberModel(2))).metrics['tiny_cosine_accuracy@1']).toBe(0);
  }
});

test('embeds every text once for all dims, queries as queries and documents as documents', async () => {
  const model = numberModel(2);
  const evaluator = informationRetrievalEvaluator({ ...tiny, truncateDims: [1, 2], corpusChunkSize: 2 });
  const { byDim } = await evaluator.evaluate(model);
  expect(model.calls.map(({ texts, options }) => [options?.task, texts])).toEqual([
    ['query', ['1 0']],
    ['document', ['1 0.5', '2 0.1']],
    ['document', ['-1 0']],
  ]);
  expect(byDim[1]!['cosine_accuracy@1']).toBe(0);
  expect(byDim[2]!['cosine_accuracy@1']).toBe(1);
});

test('the plain keys are those of the widest dim; several dims also have keys of their own', async () => {
  const { metrics, byDim, primaryMetric } = await informationRetrievalEvaluator({
    ...tiny,
    truncateDims: [1, 2],
  }).evaluate(numberModel(2));
  expect(metrics['tiny_cosine_accuracy@1']).toBe(1);
  expect(metrics['tiny_1_cosine_accuracy@1']).toBe(0);
  expect(metrics['tiny_2_cosine_accuracy@1']).toBe(1);
  expect(Object.keys(metrics)).toHaveLength(3 * Object.keys(byDim[2]!).length);
  expect(primaryMetric).toBe('tiny_cosine_ndcg@10');
  const one = await informationRetrievalEvaluator({ ...tiny, truncateDims: [1] }).evaluate(numberModel(2));
  expect(one.metrics['tiny_cosine_accuracy@1']).toBe(0);
  expect(Object.keys(one.metrics)).toHaveLength(Object.keys(one.byDim[1]!).length);
});

test('tells its progress up to 1, and stops with the reason of an aborted signal', async () => {
  const shares: number[] = [];
  const evaluator = informationRetrievalEvaluator({ ...tiny, corpusChunkSize: 2 });
  await evaluator.evaluate(numberModel(2), { onProgress: (share) => shares.push(share) });
  expect(shares).toEqual([2 / 3, 1]);

  const model = numberModel(2);
  await expect(evaluator.evaluate(model, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  expect(model.calls).toHaveLength(0);
  const controller = new AbortController();
  const aborted = evaluator.evaluate(model, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('half is enough')),
  });
  await expect(aborted).rejects.toThrow('half is enough');
  expect(model.calls.map(({ texts }) => texts.length)).toEqual([1, 2, 1]);
});

test('its config describes it as plain JSON, without the texts', () => {
  const { config, name } = informationRetrievalEvaluator({ ...tiny, truncateDims: [2, 1] });
  expect(name).toBe('tiny');
  expect(JSON.parse(JSON.stringify(config))).toEqual({
    name: 'tiny',
    queries: 1,
    documents: 3,
    accuracyAtK: [1, 3, 5, 10],
    precisionRecallAtK: [1, 3, 5, 10],
    mrrAtK: [10],
    ndcgAtK: [10],
    mapAtK: [100],
    similarityFunctions: ['cosine'],
    truncateDims: [2, 1],
  });
});

test('refuses a dim that the model does not have', async () => {
  const evaluation = informationRetrievalEvaluator({ ...tiny, truncateDims: [2, 3] }).evaluate(numberModel(2));
  const error = await evaluation.catch((reason: unknown) => reason);
  expect(isEmbedbagError(error) && error.code).toBe('dimension-too-large');
  expect(String(error)).toContain(
    "Expected `truncateDims` to be at most the model's 2 dimensions, received 3. Lower it or train a wider model.",
  );
});

test('refuses options that make no sense before any text is embedded', () => {
  const refusal = (more: object): string => {
    try {
      informationRetrievalEvaluator({ ...tiny, ...more });
    } catch (error) {
      if (isEmbedbagError(error)) return `${error.code}: ${error.message}`;
    }
    return 'none';
  };
  expect(refusal({ truncateDims: [64, 0] })).toBe(
    'dimension-invalid: Expected `truncateDims[1]` to be a whole number of at least 1, received 0. Give one such as 256.',
  );
  expect(refusal({ truncateDims: [] })).toBe(
    'dimension-invalid: Expected `truncateDims` to hold at least one entry, received none. Leave it out for the default.',
  );
  expect(refusal({ corpusChunkSize: 0.5 })).toMatch(/^chunk-size-invalid: Expected `corpusChunkSize`/);
  expect(refusal({ similarityFunctions: ['cosine', 'jaccard'] })).toBe(
    'similarity-unknown: Expected `similarityFunctions[1]` to be one of `cosine`, `dot`, `euclidean`, `manhattan`, received `jaccard`. Choose among these.',
  );
  expect(refusal({ similarityFunctions: [] })).toMatch(
    /^similarity-unknown: Expected `similarityFunctions` to hold at least one/,
  );
  expect(refusal({ similarityFunctions: ['cosine'], mainScoreFunction: 'dot' })).toBe(
    'similarity-unknown: Expected `mainScoreFunction` to be one of `similarityFunctions`, received `dot`. Add it to them.',
  );
  expect(refusal({ ndcgAtK: [0] })).toMatch(/^cutoff-invalid: /);
  expect(refusal({ queries: {} })).toMatch(/^empty-queries: /);
  expect(refusal({})).toBe('none');
});
