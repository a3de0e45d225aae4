import { type BatchSamplerOptions, type BatchStream, isEmbedbagError, type SampledRows } from '@embedbag/core';
import { testBatchSampler } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupByLabelBatchSampler } from './group-by-label-batch-sampler.js';

testBatchSampler({
  create: groupByLabelBatchSampler,
  drawsEveryRow: false,
  batchSizes: [4, 6, 100],
  minRows: 8,
  labelOf: (row) => (row * 7) % 5,
});

function rowsOf(labels: readonly number[]): SampledRows {
  return {
    rowCount: labels.length,
    columns: ['anchor'],
    textHashes: () => new Uint32Array(2 * labels.length),
    labels: (rows) => Float32Array.from(rows, (row) => labels[row]!),
  };
}

function open(labels: readonly number[], options: Partial<BatchSamplerOptions> = {}): BatchStream {
  return groupByLabelBatchSampler().open(rowsOf(labels), { batchSize: 4, dropLast: false, seed: 42, ...options });
}

function drain(stream: BatchStream): number[][] {
  const batches: number[][] = [];
  for (let rows = stream.next(); rows !== undefined; rows = stream.next()) batches.push([...rows]);
  return batches;
}

const problem = fc.record({
  labels: fc
    .array(fc.integer({ min: 0, max: 6 }), { minLength: 4, maxLength: 80, size: 'max' })
    .filter(
      (list) => [0, 1, 2, 3, 4, 5, 6].filter((label) => list.filter((each) => each === label).length > 1).length > 1,
    ),
  batchSize: fc.integer({ min: 2, max: 8 }).map((half) => 2 * half),
  dropLast: fc.boolean(),
  seed: fc.nat(),
});

test('every label of a batch has at least two rows in it, every batch two labels, and no row comes twice', () => {
  fc.assert(
    fc.property(problem, ({ labels, ...options }) => {
      const batches = drain(open(labels, options));
      expect(new Set(batches.flat()).size).toBe(batches.flat().length);
      for (const batch of batches) {
        const counts = new Map<number, number>();
        for (const row of batch) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
        expect(counts.size).toBeGreaterThan(1);
        expect(Math.min(...counts.values())).toBeGreaterThan(1);
        expect(batch.length).toBeGreaterThanOrEqual(options.dropLast ? options.batchSize : 4);
        expect(batch.length).toBeLessThanOrEqual(options.batchSize);
      }
    }),
    { numRuns: 300 },
  );
});

test('counts what it gives: pairs of every label, of the largest only as many as of the second largest', () => {
  fc.assert(
    fc.property(problem, ({ labels, ...options }) => {
      const pairs = [0, 1, 2, 3, 4, 5, 6]
        .map((label) => Math.floor(labels.filter((each) => each === label).length / 2))
        .sort((a, b) => b - a);
      const rows = 2 * pairs.reduce((sum, count) => sum + Math.min(count, pairs[1]!), 0);
      const rest = rows % options.batchSize;
      const stream = open(labels, options);
      expect(stream.count).toBe(Math.floor(rows / options.batchSize) + (!options.dropLast && rest >= 4 ? 1 : 0));
      expect(drain(stream)).toHaveLength(stream.count);
    }),
  );
});

test('the pairs of one label do not follow each other within a batch', () => {
  fc.assert(
    fc.property(problem, ({ labels, ...options }) => {
      for (const batch of drain(open(labels, options))) {
        for (let i = 2; i < batch.length; i += 2) expect(labels[batch[i]!]).not.toBe(labels[batch[i - 1]!]);
      }
    }),
  );
});

test('the first batches of a seed are the same on every platform', () => {
  const labels = Array.from({ length: 24 }, (_, row) => row % 4);
  expect(
    drain(open(labels, { batchSize: 8 }))
      .slice(0, 2)
      .join(' | '),
  ).toBe('20,0,14,22,9,5,11,19 | 10,2,13,17,4,8,23,15');
});

test('refuses odd and small batches, rows without labels and too few labels', () => {
  const refusal = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      if (isEmbedbagError(error)) return `${error.code}: ${error.message}`;
    }
    return 'none';
  };
  const labels = [0, 0, 1, 1];
  for (const batchSize of [2, 5, 4.5]) {
    expect(refusal(() => open(labels, { batchSize }))).toBe(
      `batch-size-invalid: Expected \`batchSize\` to be an even number of at least 4 for GROUP_BY_LABEL, received ${batchSize}. Rows come in pairs of one label, and every batch has two labels.`,
    );
  }
  const options = { batchSize: 4, dropLast: false, seed: 1 };
  const { labels: _, ...bare } = rowsOf(labels);
  expect(refusal(() => groupByLabelBatchSampler().open(bare, options))).toBe(
    'labels-missing: Expected one label a row for GROUP_BY_LABEL, received none. Give the dataset a label column, or choose another batch sampler.',
  );
  const lists = { ...rowsOf(labels), labels: () => new Float32Array(8) };
  expect(refusal(() => groupByLabelBatchSampler().open(lists, options))).toMatch(/received 8 for 4 rows/);
  expect(refusal(() => open([0, 0, 0, 1]))).toBe(
    'labels-too-few: Expected at least 2 labels with at least 2 rows each for GROUP_BY_LABEL, received 1 of 2 labels. Check the label column, or choose another batch sampler.',
  );
});
