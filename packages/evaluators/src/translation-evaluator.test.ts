import { testEvaluator } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { refusal } from './fixtures/refusal.js';
import { vectorModel } from './fixtures/vector-model.js';
import { translationEvaluator } from './translation-evaluator.js';

const words = ['one', 'two', 'three', 'four', 'five', 'six'];

testEvaluator({
  name: 'TranslationEvaluator, at several dims',
  create: () =>
    translationEvaluator({
      name: 'en-de',
      sourceSentences: words,
      targetSentences: words.map((word) => `auf Deutsch ${word}`),
      truncateDims: [16, 2],
    }),
  dimension: 16,
});

const model = vectorModel({ a: [1, 0], b: [0, 1], A: [1, 0.1], B: [0.9, 0.2], C: [0.1, 1] });

test('counts the sentences whose translation is nearest, in both directions', async () => {
  // a is nearest to A and b to C, not to B; A and B both are nearest to a.
  const evaluator = translationEvaluator({ sourceSentences: ['a', 'b', 'a'], targetSentences: ['A', 'B', 'C'] });
  const { metrics, primaryMetric } = await evaluator.evaluate(model);
  expect(metrics).toEqual({ src2trg_accuracy: 1 / 3, trg2src_accuracy: 1 / 3, mean_accuracy: 1 / 3 });
  expect(primaryMetric).toBe('mean_accuracy');
});

test('a translation that comes twice is right in either place', async () => {
  const evaluator = translationEvaluator({ sourceSentences: ['b', 'a', 'a'], targetSentences: ['C', 'A', 'A'] });
  const { metrics, items } = await evaluator.evaluate(model, { withItems: true });
  expect(metrics.mean_accuracy).toBe(1);
  expect(items!.ids).toEqual(['0', '1', '2']);
});

test('works through more sentences than are compared at once', async () => {
  const count = 2500;
  const sentences = Array.from({ length: count }, (_, i) => `s${i}`);
  const vectors = Object.fromEntries(
    sentences.map((text, i) => [text, [Math.cos((3 * i) / count), Math.sin((3 * i) / count)]]),
  );
  const evaluator = translationEvaluator({ sourceSentences: sentences, targetSentences: sentences });
  const shares: number[] = [];
  const { metrics } = await evaluator.evaluate(vectorModel(vectors), { onProgress: (share) => shares.push(share) });
  expect(metrics.mean_accuracy).toBe(1);
  expect(shares).toEqual([0.25, 0.5, 1]);
});

test('refuses sides of different lengths', async () => {
  expect(await refusal(() => translationEvaluator({ sourceSentences: ['a'], targetSentences: ['A', 'B'] }))).toBe(
    'length-mismatch: Expected `sourceSentences` and `targetSentences` to be of the same length, received 1 and 2. Give one entry of each for every row.',
  );
});
