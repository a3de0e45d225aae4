import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  accuracyAtK,
  averagePrecisionAtK,
  ndcgAtK,
  precisionAtK,
  recallAtK,
  reciprocalRankAtK,
} from './retrieval-metrics.js';

/** Relevant at ranks 2 and 4, of three relevant documents. */
const HITS = [0, 1, 0, 1, 0];

test('accuracy asks for one relevant document among the first k', () => {
  expect([1, 2, 5].map((k) => accuracyAtK(HITS, k))).toEqual([0, 1, 1]);
});

test('precision divides by k, also where the ranking is shorter', () => {
  expect([1, 2, 4, 10].map((k) => precisionAtK(HITS, k))).toEqual([0, 1 / 2, 2 / 4, 2 / 10]);
});

test('recall divides by the relevant documents, also where there are more than k', () => {
  expect([1, 2, 4].map((k) => recallAtK(HITS, k, 3))).toEqual([0, 1 / 3, 2 / 3]);
});

test('the reciprocal rank is that of the first relevant document among the first k', () => {
  expect([1, 2, 5].map((k) => reciprocalRankAtK(HITS, k))).toEqual([0, 1 / 2, 1 / 2]);
});

test('average precision divides by the smaller of k and the relevant documents', () => {
  expect(averagePrecisionAtK(HITS, 5, 3)).toBeCloseTo((1 / 2 + 2 / 4) / 3, 15);
  expect(averagePrecisionAtK(HITS, 2, 3)).toBeCloseTo(1 / 2 / 2, 15);
  expect(averagePrecisionAtK(HITS, 5, 1)).toBeCloseTo(1 / 2 + 2 / 4, 15);
});

test('NDCG divides by the gain of all relevant documents first, cut at k', () => {
  const gain = 1 / Math.log2(3) + 1 / Math.log2(5);
  expect(ndcgAtK(HITS, 5, 3)).toBeCloseTo(gain / (1 + 1 / Math.log2(3) + 1 / 2), 15);
  expect(ndcgAtK(HITS, 2, 3)).toBeCloseTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 15);
  expect(ndcgAtK(HITS, 1, 3)).toBe(0);
});

const judged = fc
  .record({
    hits: fc.array(fc.constantFrom(0, 1), { maxLength: 20 }),
    missing: fc.nat(5),
    k: fc.integer({ min: 1, max: 25 }),
  })
  .map(({ hits, missing, k }) => ({
    hits,
    k,
    relevantCount: Math.max(1, hits.reduce<number>((sum, hit) => sum + hit, 0) + missing),
  }));

test('all metrics are between 0 and 1, and 0 together', () => {
  fc.assert(
    fc.property(judged, ({ hits, k, relevantCount }) => {
      const figures = [
        accuracyAtK(hits, k),
        precisionAtK(hits, k),
        recallAtK(hits, k, relevantCount),
        reciprocalRankAtK(hits, k),
        averagePrecisionAtK(hits, k, relevantCount),
        ndcgAtK(hits, k, relevantCount),
      ];
      const isAnyFound = hits.slice(0, k).includes(1);
      for (const figure of figures) {
        expect(figure > 0).toBe(isAnyFound);
        expect(figure).toBeLessThanOrEqual(1 + 1e-12);
      }
    }),
  );
});

test('a ranking with all relevant documents first is perfect', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (relevantCount, k) => {
      const hits = Array.from({ length: 12 }, (_, rank) => (rank < relevantCount ? 1 : 0));
      expect(ndcgAtK(hits, k, relevantCount)).toBeCloseTo(1, 12);
      expect(averagePrecisionAtK(hits, k, relevantCount)).toBeCloseTo(1, 12);
      expect(reciprocalRankAtK(hits, k)).toBe(1);
    }),
  );
});

test('moving a relevant document up never lowers a metric that looks at ranks', () => {
  fc.assert(
    fc.property(judged, fc.nat(18), ({ hits, k, relevantCount }, rank) => {
      fc.pre(hits[rank] === 0 && hits[rank + 1] === 1);
      const better = hits.with(rank, 1).with(rank + 1, 0);
      expect(ndcgAtK(better, k, relevantCount)).toBeGreaterThanOrEqual(ndcgAtK(hits, k, relevantCount));
      expect(averagePrecisionAtK(better, k, relevantCount)).toBeGreaterThanOrEqual(
        averagePrecisionAtK(hits, k, relevantCount) - 1e-12,
      );
      expect(reciprocalRankAtK(better, k)).toBeGreaterThanOrEqual(reciprocalRankAtK(hits, k));
    }),
  );
});
