import { testEvaluator } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binaryClassificationEvaluator } from './binary-classification-evaluator.js';
import { binaryFigures } from './binary-classification-metrics.js';
import { refusal } from './fixtures/refusal.js';

const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];

testEvaluator({
  name: 'BinaryClassificationEvaluator, at several dims',
  create: () =>
    binaryClassificationEvaluator({
      sentences1: words,
      sentences2: words.map((word) => `other ${word}`),
      labels: words.map((_, i) => i % 2),
      similarityFunctions: ['cosine', 'manhattan'],
      truncateDims: [16, 4],
    }),
});

const scored = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 1,
  maxLength: 20,
});

/** How many of the pairs with a score of at least `threshold` have label 1, and how many have not. */
function counts(
  pairs: readonly (readonly [number, number])[],
  threshold: number,
): Record<'tp' | 'fp' | 'fn' | 'tn', number> {
  const result = { tp: 0, fp: 0, fn: 0, tn: 0 };
  for (const [score, label] of pairs)
    result[score >= threshold ? (label === 1 ? 'tp' : 'fp') : label === 1 ? 'fn' : 'tn'] += 1;
  return result;
}

test('no threshold does better than the one that is named, which does as well as is said', () => {
  fc.assert(
    fc.property(scored, (pairs) => {
      const figures = binaryFigures(
        Float32Array.from(pairs, ([score]) => score),
        pairs.map(([, label]) => label),
        false,
      );
      const accuracy = (threshold: number): number => {
        const { tp, tn } = counts(pairs, threshold);
        return (tp + tn) / pairs.length;
      };
      const f1 = (threshold: number): number => {
        const { tp, fp, fn } = counts(pairs, threshold);
        return tp === 0 ? 0 : (2 * tp) / (2 * tp + fp + fn);
      };
      const thresholds = [-3, -2, -1, 0, 1, 2, 3, 4];
      expect(figures.accuracy).toBeCloseTo(Math.max(...thresholds.map(accuracy)), 12);
      expect(accuracy(figures.accuracy_threshold)).toBeCloseTo(figures.accuracy, 12);
      expect(figures.f1).toBeCloseTo(Math.max(...thresholds.map(f1)), 12);
      if (figures.f1 > 0) expect(f1(figures.f1_threshold)).toBeCloseTo(figures.f1, 12);
    }),
  );
});

test('the same pairs by distance have the same figures and thresholds of the other sign', () => {
  fc.assert(
    fc.property(scored, (pairs) => {
      const scores = Float32Array.from(pairs, ([score]) => score - 9);
      const labels = pairs.map(([, label]) => label);
      const { accuracy_threshold, f1_threshold, ...similar } = binaryFigures(scores, labels, false);
      const distant = binaryFigures(scores, labels, true);
      expect(distant).toMatchObject(similar);
      expect(distant.accuracy_threshold).toBe(-accuracy_threshold);
      expect(distant.f1_threshold).toBe(f1_threshold === 0 ? 0 : -f1_threshold);
    }),
  );
});

test('one label alone is no reason to stop', () => {
  const scores = Float32Array.of(0.5, 0.25);
  expect(binaryFigures(scores, [0, 0], false)).toMatchObject({ accuracy: 1, f1: 0, ap: 0, mcc: 0 });
  expect(binaryFigures(scores, [1, 1], false)).toMatchObject({ accuracy: 1, f1: 1, ap: 1, mcc: 0 });
});

test('refuses labels that are not 0 or 1', async () => {
  const wrong = { sentences1: ['a', 'b'], sentences2: ['c', 'd'], labels: [1, 0.5] };
  expect(await refusal(() => binaryClassificationEvaluator(wrong))).toBe(
    'labels-invalid: Expected `labels` to be 0 or 1, received 0.5 in row 1. Make it 1 where the two texts belong together.',
  );
});
