import { testEvaluator } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { refusal } from './fixtures/refusal.js';
import { vectorModel } from './fixtures/vector-model.js';
import { type TripletOptions, tripletEvaluator } from './triplet-evaluator.js';

const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];

testEvaluator({
  name: 'TripletEvaluator, at several dims',
  create: () =>
    tripletEvaluator({
      anchors: words,
      positives: words.map((word) => `positive ${word}`),
      negatives: words.map((word) => `negative ${word}`),
      similarityFunctions: ['cosine', 'euclidean'],
      truncateDims: [4, 16],
    }),
});

const model = vectorModel({ up: [1, 0], near: [1, 0.5], right: [0, 1], far: [9, 0] });
const known = {
  anchors: ['up', 'up', 'up'],
  positives: ['near', 'near', 'far'],
  negatives: ['right', 'near', 'near'],
} satisfies TripletOptions;

test('counts triplets whose positive is strictly nearer, by each similarity', async () => {
  const evaluator = tripletEvaluator({ ...known, name: 'nli', similarityFunctions: ['cosine', 'euclidean'] });
  const { metrics, primaryMetric } = await evaluator.evaluate(model);
  expect(metrics).toEqual({ nli_cosine_accuracy: 2 / 3, nli_euclidean_accuracy: 1 / 3, nli_max_accuracy: 2 / 3 });
  expect(primaryMetric).toBe('nli_max_accuracy');
});

test('asks for a margin, the same for all functions or one for each', async () => {
  const accuracy = async (margin: TripletOptions['margin']): Promise<number> =>
    (await tripletEvaluator({ ...known, ...(margin !== undefined && { margin }) }).evaluate(model)).metrics
      .cosine_accuracy!;
  expect(await accuracy(0.2)).toBe(1 / 3);
  expect(await accuracy({ cosine: 1 })).toBe(0);
  expect(await accuracy({ dot: 1 })).toBe(2 / 3);
});

test('tells which triplets are right', async () => {
  const { items } = await tripletEvaluator(known).evaluate(model, { withItems: true });
  expect([...items!.values.cosine_accuracy!]).toEqual([1, 0, 1]);
  expect(items!.measure('cosine_accuracy', [0, 0, 1])).toBe(2 / 3);
  expect(items!.measure('unknown', [0])).toBeNaN();
});

test('embeds anchors as queries and the others as documents', async () => {
  const tasks: unknown[] = [];
  await tripletEvaluator(known).evaluate({
    ...model,
    embed: (texts, options) => {
      tasks.push(options?.task);
      return model.embed(texts, options);
    },
  });
  expect(tasks).toEqual(['query', 'document', 'document']);
});

test('refuses a margin that is no number, and columns of different lengths', async () => {
  expect(await refusal(() => tripletEvaluator({ ...known, margin: { cosine: Number.NaN } }))).toBe(
    'margin-invalid: Expected `margin` to be a number, or numbers by cosine, dot, euclidean, manhattan, received NaN for `cosine`. Correct that entry.',
  );
  expect(await refusal(() => tripletEvaluator({ ...known, margin: { jaccard: 1 } as never }))).toMatch(
    /^margin-invalid: .*`jaccard`/,
  );
  expect(await refusal(() => tripletEvaluator({ ...known, negatives: [] }))).toBe(
    'length-mismatch: Expected `anchors` and `negatives` to be of the same length, received 3 and 0. Give one entry of each for every row.',
  );
});
