import { expect, test } from 'vitest';
import { quantizationSteps, quantizeBinary, quantizeScalar } from './typescript-quantize.js';

const matrix = { data: new Float32Array(9), rows: 1, columns: 9 };
const ranges = { data: new Float32Array(18), rows: 2, columns: 9 };

test('an output that is too short is named with the bytes that it needs', () => {
  expect(() => quantizeScalar(matrix, ranges, new Int8Array(8))).toThrow(
    'Expected `out` to hold 9 bytes, received 8. Pass an array of at least that length.',
  );
  expect(() => quantizeBinary(matrix, new Uint8Array(1))).toThrow(
    'Expected `out` to hold 2 bytes, received 1. Pass an array of at least that length.',
  );
});

test('ranges of another shape are named with the shape that is needed', () => {
  expect(() => quantizeScalar(matrix, { ...ranges, rows: 1 }, new Int8Array(9))).toThrow(
    'Expected `ranges` of shape [2, 9], received [1, 9] in 18 values. Measure them on embeddings truncated to 9 dimensions.',
  );
});

test('a step is 1/255 of the range in float32, and 1 where that is 0', () => {
  const { fround } = Math;
  const data = Float32Array.of(0, -0.1, 5, 0, 255, 0.2, 5, 1e-44);
  expect([...quantizationSteps({ data, rows: 2, columns: 4 }, 4)]).toEqual([
    1,
    fround(fround(fround(0.2) - fround(-0.1)) / 255),
    1,
    1,
  ]);
});
