import { createRandom, type EvaluationResult } from '@embedbag/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareModels } from './compare-models.js';
import { compareResults } from './compare-results.js';
import { embeddingSimilarityEvaluator } from './embedding-similarity-evaluator.js';
import { meanResult } from './fixtures/mean-result.js';
import { refusal } from './fixtures/refusal.js';
import { vectorModel } from './fixtures/vector-model.js';
import { tripletEvaluator } from './triplet-evaluator.js';

const value = fc.constantFrom(0, 0.25, 0.5, 1);
const twoModels = fc
  .integer({ min: 1, max: 30 })
  .chain((size) =>
    fc.tuple(
      fc.array(value, { minLength: size, maxLength: size }),
      fc.array(value, { minLength: size, maxLength: size }),
    ),
  );
const quick = { resamples: 200 };

test('the other way round, the difference has the other sign and the same chance', () => {
  fc.assert(
    fc.property(twoModels, fc.nat(), ([first, second], seed) => {
      const [a, b] = [meanResult(first), meanResult(second)];
      const there = compareResults({ baseline: a, candidate: b, seed, ...quick });
      const back = compareResults({ baseline: b, candidate: a, seed, ...quick });
      expect(there.difference).toBe(-back.difference || 0);
      expect(there.pValue).toBe(back.pValue);
      expect([there.wins, there.ties, there.losses]).toEqual([back.losses, back.ties, back.wins]);
      expect(there.low).toBeCloseTo(-back.high, 12);
      expect(there.pValue).toBeGreaterThan(0);
      expect(there.pValue).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

test('a model is no better than itself', () => {
  const result = meanResult([0, 1, 0.5, 0.5]);
  expect(compareResults({ baseline: result, candidate: result })).toMatchObject({
    difference: 0,
    pValue: 1,
    ties: 4,
    low: 0,
    high: 0,
    test: 'paired-randomisation',
  });
});

test('gives the chance that all signs together give', () => {
  // Of the 2^5 sums of signs of 1, 1, 1, 1, 1 two are at least 5 from 0.
  const { pValue } = compareResults({ baseline: meanResult([0, 0, 0, 0, 0]), candidate: meanResult([1, 1, 1, 1, 1]) });
  expect(pValue).toBeCloseTo(2 / 32, 2);
  // Of the 2^3 sums of signs of 3, 1, 1 all but 1 and -1 are at least 3 from 0, as 3 + 1 - 1 is.
  const other = compareResults({ baseline: meanResult([0, 0, 1]), candidate: meanResult([3, 1, 0]) });
  expect(other.pValue).toBeCloseTo(6 / 8, 1);
});

test('finds a difference about as often as chance alone should make one', () => {
  const random = createRandom(3, 'null');
  let found = 0;
  for (let trial = 0; trial < 300; trial++) {
    const [first, second] = [0, 1].map(() => meanResult(Array.from({ length: 40 }, () => random.uniform())));
    if (compareResults({ baseline: first!, candidate: second!, seed: trial, ...quick }).pValue <= 0.1) found += 1;
  }
  expect(found).toBeGreaterThan(300 * 0.05);
  expect(found).toBeLessThan(300 * 0.16);
});

test('datasets weigh the same, whatever their number of items', () => {
  const groups = [8, 2];
  const zeros = new Array<number>(10).fill(0);
  const better = meanResult([0, 0, 0, 0, 0, 0, 0, 0, 1, 1], groups);
  const { difference, pValue } = compareResults({ baseline: meanResult(zeros, groups), candidate: better });
  expect(difference).toBe(1 / 2);
  // Two items differ: half of their signs make a sum as large.
  expect(pValue).toBeCloseTo(1 / 2, 1);
});

const anchors = Array.from({ length: 30 }, (_, i) => `a${i}`);
const random = createRandom(5, 'models');
const modelOf = (noise: number): ReturnType<typeof vectorModel> =>
  vectorModel(
    Object.fromEntries(
      anchors.flatMap((anchor, i) => {
        const [x, y] = [Math.cos(i), Math.sin(i)];
        return [
          [anchor, [x, y]],
          [`p ${anchor}`, [x + noise * random.normal(), y + noise * random.normal()]],
          [`n ${anchor}`, [x + random.normal(), y + random.normal()]],
        ];
      }),
    ),
  );
const [good, bad] = [modelOf(0.1), modelOf(2)];

test('compares two models on an evaluator, with progress from 0 to 1', async () => {
  const evaluator = tripletEvaluator({
    name: 'near',
    anchors,
    positives: anchors.map((anchor) => `p ${anchor}`),
    negatives: anchors.map((anchor) => `n ${anchor}`),
  });
  const shares: number[] = [];
  const comparison = await compareModels(evaluator, {
    baseline: bad,
    candidate: good,
    onProgress: (share) => shares.push(share),
  });
  expect(comparison).toMatchObject({ metric: 'near_cosine_accuracy', items: 30, test: 'paired-randomisation' });
  expect(comparison.difference).toBeGreaterThan(0.2);
  expect(comparison.pValue).toBeLessThan(0.01);
  expect(comparison.low).toBeGreaterThan(0);
  expect(comparison.wins! + comparison.ties! + comparison.losses!).toBe(30);
  expect(shares.at(-1)).toBe(1);
});

test('tests a correlation, which is no mean over pairs, by paired bootstrap', async () => {
  const evaluator = embeddingSimilarityEvaluator({
    sentences1: [...anchors, ...anchors],
    sentences2: [...anchors.map((anchor) => `p ${anchor}`), ...anchors.map((anchor) => `n ${anchor}`)],
    scores: [...anchors.map(() => 1), ...anchors.map(() => 0)],
  });
  const better = await compareModels(evaluator, { baseline: bad, candidate: good, resamples: 500 });
  expect(better).toMatchObject({ test: 'paired-bootstrap', items: 60 });
  expect(better).not.toHaveProperty('wins');
  expect(better.pValue).toBeLessThan(0.05);
  const same = await compareModels(evaluator, { baseline: good, candidate: good, resamples: 100 });
  expect(same).toMatchObject({ difference: 0, pValue: 1 });
});

test('compares one key of a result with another', () => {
  const result: EvaluationResult = meanResult([1, 1, 0, 1]);
  const both: EvaluationResult = {
    ...result,
    metrics: { ...result.metrics, narrow: 0 },
    items: {
      ...result.items!,
      values: { ...result.items!.values, narrow: new Float64Array(4) },
      measure: (key, items) => (key === 'narrow' ? 0 : result.items!.measure(key, items)),
    },
  };
  expect(compareResults({ baseline: both, candidate: both, candidateMetric: 'narrow' })).toMatchObject({
    metric: 'score',
    candidateMetric: 'narrow',
    difference: -0.75,
    losses: 3,
  });
});

test('refuses results of other items', async () => {
  const [three, two] = [meanResult([1, 0, 1]), meanResult([1, 0])];
  expect(await refusal(() => compareResults({ baseline: three, candidate: two }))).toBe(
    'items-mismatch: Expected both results to be of the same items, received 3 and 2. Evaluate both models with the same evaluator.',
  );
  const renamed = { ...two, items: { ...two.items!, ids: ['item 0', 'other'] } };
  expect(await refusal(() => compareResults({ baseline: two, candidate: renamed }))).toBe(
    'items-mismatch: Expected both results to be of the same items, received `item 1` and `other`. Evaluate both models with the same evaluator.',
  );
});
