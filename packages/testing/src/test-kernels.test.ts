import { expect, test } from 'vitest';
import { type Defect, expectNoticed } from './broken-kernels.js';
import { createNaiveKernels } from './naive-kernels.js';
import { kernelsChecks, testKernels } from './test-kernels.js';

testKernels({ name: 'naive', create: async () => createNaiveKernels() });

test('kernelsChecks holds every check once', () => {
  expect(new Set(kernelsChecks.map(({ title }) => title)).size).toBe(kernelsChecks.length);
});

const OPTIMIZER: readonly Defect[] = [
  {
    what: 'know no decay',
    noticedBy: 'decays the weights',
    broken: (right) => ({ adamW: (step) => right.adamW({ ...step, weightDecay: 0 }) }),
  },
  {
    what: 'do not scale the gradient',
    noticedBy: 'decays the weights',
    broken: (right) => ({ adamW: (step) => right.adamW({ ...step, gradientScale: 1 }) }),
  },
  {
    what: 'know no epsilon',
    noticedBy: 'adamW follows',
    broken: (right) => ({ adamW: (step) => right.adamW({ ...step, epsilon: 1e-12 }) }),
  },
  {
    what: 'do not correct the second moment',
    noticedBy: 'adamW follows',
    broken: (right) => ({ adamW: (step) => right.adamW({ ...step, biasCorrection2: 1 }) }),
  },
  {
    what: 'update touched rows only',
    noticedBy: 'adamW follows',
    broken: (right) => ({
      adamW(step) {
        const { data, rows, columns } = step.table;
        const before = data.slice();
        right.adamW(step);
        for (let row = 0; row < rows; row++) {
          if (step.gradient.rows.includes(row)) continue;
          data.set(before.subarray(row * columns, (row + 1) * columns), row * columns);
        }
      },
    }),
  },
  {
    what: 'start a step that leaves no row out',
    noticedBy: 'startAdamW gives',
    broken: (right) => ({ startAdamW: (step) => right.startAdamW!(step) }),
  },
  {
    what: 'start a step that never ends',
    noticedBy: 'startAdamW gives',
    broken: () => ({ startAdamW: () => () => {} }),
  },
  {
    what: 'replay one step too few',
    noticedBy: 'hundreds of missed steps',
    broken: (right) => ({ adamWReplay: (replay) => right.adamWReplay!({ ...replay, steps: replay.steps - 1 }) }),
  },
  {
    what: 'replay rows in ascending order only',
    noticedBy: 'adamWReplay gives the bytes of adamW step by step',
    broken: (right) => ({
      adamWReplay: (replay) => right.adamWReplay!({ ...replay, rows: replay.rows.slice().sort((a, b) => a - b) }),
    }),
  },
  {
    what: 'know no decay in a replay',
    noticedBy: 'adamWReplay gives the bytes of adamW step by step',
    broken: (right) => ({ adamWReplay: (replay) => right.adamWReplay!({ ...replay, weightDecay: 0 }) }),
  },
  {
    what: 'cut a replay short once the table is settled',
    noticedBy: 'the rate rises late',
    broken: (right) => ({
      adamWReplay: (replay) => right.adamWReplay!({ ...replay, steps: Math.min(replay.steps, 320) }),
    }),
  },
  {
    what: 'have a start without a replay',
    noticedBy: 'both there',
    broken: () => ({ adamWReplay: undefined as never }),
  },
  {
    what: 'give the squared norm',
    noticedBy: 'Euclidean',
    broken: (right) => ({ gradientNorm: (gradient) => right.gradientNorm(gradient) ** 2 }),
  },
];

const SEARCH: readonly Defect[] = [
  {
    what: 'put the higher index first in a tie',
    noticedBy: 'equal documents',
    broken: (right) => ({
      topK(request) {
        const result = right.topK(request);
        for (let i = 1; i < result.scores.length; i++) {
          if (i % result.k === 0 || result.scores[i] !== result.scores[i - 1]) continue;
          const held = result.indices[i]!;
          result.indices[i] = result.indices[i - 1]!;
          result.indices[i - 1] = held;
        }
        return result;
      },
    }),
  },
  {
    what: 'ignore `dimension`',
    noticedBy: 'first `dimension` columns',
    broken: (right) => ({ topK: ({ dimension: _, ...request }) => right.topK(request) }),
  },
  {
    what: 'miss the last document',
    noticedBy: 'topK finds the best',
    broken: (right) => ({
      topK: (request) =>
        right.topK({ ...request, documents: { ...request.documents, rows: Math.max(0, request.documents.rows - 1) } }),
    }),
  },
  {
    what: 'take the dot product for the cosine',
    noticedBy: 'topK finds the best',
    broken: (right) => ({ topK: (request) => right.topK({ ...request, similarity: 'dot' }) }),
  },
  {
    what: 'give the worst first',
    noticedBy: 'topK finds the best',
    broken: (right) => ({
      topK(request) {
        const { indices, scores, k } = right.topK(request);
        return { indices: indices.slice().reverse(), scores: scores.slice().reverse(), k };
      },
    }),
  },
  {
    what: 'give tied scores other bits',
    noticedBy: 'equal documents',
    broken: (right) => ({
      topK(request) {
        const result = right.topK(request);
        return { ...result, scores: result.scores.map((score, i) => score * (1 - i * 1e-7)) };
      },
    }),
  },
  {
    what: 'divide by a norm of zero',
    noticedBy: 'normalizeRows',
    broken: () => ({
      normalizeRows({ data, rows, columns }) {
        for (let row = 0; row < rows; row++) {
          const values = data.subarray(row * columns, (row + 1) * columns);
          const norm = Math.hypot(...values);
          for (let c = 0; c < columns; c++) values[c]! /= norm;
        }
      },
    }),
  },
];

const QUANTIZATION: readonly Defect[] = [
  {
    what: 'compute codes in float64',
    noticedBy: 'rounds every operation',
    broken: () => ({
      quantizeScalar({ data, rows, columns }, ranges, out) {
        const offset = out instanceof Int8Array ? 128 : 0;
        for (let i = 0; i < rows * columns; i++) {
          const minimum = ranges.data[i % columns]!;
          const step = (ranges.data[columns + (i % columns)]! - minimum) / 255;
          out[i] = Math.max(0, Math.min(255, Math.floor((data[i]! - minimum) / step))) - offset;
        }
      },
    }),
  },
  {
    what: 'multiply by the reciprocal of the step',
    noticedBy: 'where a code begins',
    broken: () => ({
      quantizeScalar({ data, rows, columns }, ranges, out) {
        const { fround } = Math;
        const offset = out instanceof Int8Array ? 128 : 0;
        for (let i = 0; i < rows * columns; i++) {
          const minimum = ranges.data[i % columns]!;
          const step = fround(fround(ranges.data[columns + (i % columns)]! - minimum) / 255);
          const quotient = fround(fround(data[i]! - minimum) * fround(1 / step));
          out[i] = Math.max(0, Math.min(255, Math.floor(quotient))) - offset;
        }
      },
    }),
  },
  {
    what: 'write codes beyond the last',
    noticedBy: 'longer than needed',
    broken: (right) => ({
      quantizeScalar(matrix, ranges, out) {
        right.quantizeScalar(matrix, ranges, out);
        out.fill(0, matrix.rows * matrix.columns);
      },
    }),
  },
  {
    what: 'leave the lowest code unwritten',
    noticedBy: 'where a code begins',
    broken: (right) => ({
      quantizeScalar(matrix, ranges, out) {
        const before = out.slice();
        right.quantizeScalar(matrix, ranges, out);
        const lowest = out instanceof Int8Array ? -128 : 0;
        for (let i = 0; i < out.length; i++) if (out[i] === lowest) out[i] = before[i]!;
      },
    }),
  },
  {
    what: 'wrap around instead of clipping',
    noticedBy: 'clips the largest values',
    broken: (right) => ({
      quantizeScalar(matrix, ranges, out) {
        right.quantizeScalar(matrix, ranges, out);
        for (let i = 0; i < out.length; i++) if (matrix.data[i]! > 1e9) out[i] = 0;
      },
    }),
  },
  {
    what: 'take any ranges',
    noticedBy: 'quantizeScalar refuses',
    broken: () => ({ quantizeScalar: () => undefined }),
  },
  {
    what: 'put the first column in the lowest bit',
    noticedBy: 'quantizeBinary gives equal bits',
    broken: (right) => ({
      quantizeBinary(matrix, out) {
        right.quantizeBinary(matrix, out);
        const offset = out instanceof Int8Array ? 128 : 0;
        const turned = (bits: number): number =>
          Number.parseInt([...bits.toString(2).padStart(8, '0')].reverse().join(''), 2);
        for (let i = 0; i < out.length; i++) out[i] = turned(out[i]! + offset) - offset;
      },
    }),
  },
  {
    what: 'count 0 as set',
    noticedBy: 'quantizeBinary sets the bits',
    broken: (right) => ({
      quantizeBinary(matrix, out) {
        right.quantizeBinary({ ...matrix, data: matrix.data.map((value) => (value === 0 ? 1 : value)) }, out);
      },
    }),
  },
  {
    what: 'pack rows without filling up their last bytes',
    noticedBy: 'quantizeBinary gives equal bits',
    broken: (right) => ({
      quantizeBinary({ data, rows, columns }, out) {
        right.quantizeBinary({ data, rows: 1, columns: rows * columns }, out);
      },
    }),
  },
  {
    what: 'write bits beside the output',
    noticedBy: 'quantizeBinary gives equal bits',
    broken: (right) => ({
      quantizeBinary(matrix, out) {
        right.quantizeBinary(matrix, out);
        new Uint8Array(out.buffer, out.byteOffset + out.length, 1)[0] = 0;
      },
    }),
  },
];

const MEMORY: readonly Defect[] = [
  {
    what: 'allocate what was there before',
    noticedBy: 'zero-filled',
    broken: (right) => ({ allocateFloat32: (length) => right.allocateFloat32(length).fill(1e-30) }),
  },
  { what: 'release anything', noticedBy: 'release refuses', broken: () => ({ release: () => undefined }) },
  {
    what: 'hand out the same memory twice',
    noticedBy: 'do not overlap',
    broken: (right) => {
      const held = right.allocateFloat32(15_000_100);
      return { allocateFloat32: (length) => held.fill(0, 0, length).subarray(0, length), release: () => undefined };
    },
  },
  {
    what: 'work on after dispose',
    noticedBy: 'after dispose',
    broken: () => ({ dispose: () => undefined, [Symbol.dispose]: () => undefined }),
  },
  { what: 'have no threads', noticedBy: 'name their contract', broken: () => ({ threads: 0 }) },
  {
    what: 'normalise beyond the rows',
    noticedBy: 'longer than its rows',
    broken: (right) => ({
      normalizeRows: ({ data, columns }) => right.normalizeRows({ data, rows: data.length / columns, columns }),
    }),
  },
];

const DEFECTS: readonly Defect[] = [...OPTIMIZER, ...SEARCH, ...QUANTIZATION, ...MEMORY];

test.each(DEFECTS)('the check $noticedBy notices kernels that $what', expectNoticed);
