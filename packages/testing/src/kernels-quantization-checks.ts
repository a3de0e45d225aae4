import { createRandom, type Kernels, type Matrix } from '@embedbag/core';
import { expect } from 'vitest';
import { type GuardedArrays, guardArrays, PLACES } from './guarded-array.js';
import { codeOf, type KernelsCheck, kernelsCheck, normals } from './kernels-check.js';
import { type ByteArray, naiveBits, naiveCodes } from './naive-quantization.js';

type Kind = 'int8' | 'uint8';
const KINDS: readonly Kind[] = ['int8', 'uint8'];

/** What outputs hold before: two values, so that one of them shows a byte that was not written, or was beside them. */
const FILLS = [42, 85];

/** Around every width of vector that a kernel may work in. */
const COLUMNS = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 19, 24, 31, 32, 33, 36, 63, 64, 100, 257];

const row = (...values: number[]): Matrix => ({ data: Float32Array.from(values), rows: 1, columns: values.length });

const rangesOf = (minima: readonly number[], maxima: readonly number[]): Matrix => ({
  data: Float32Array.from([...minima, ...maxima]),
  rows: 2,
  columns: minima.length,
});

function expectEqualBytes(received: ByteArray, expected: ArrayLike<number>, label: string): void {
  expect(received.length, label).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (received[i] !== expected[i]) expect.fail(`${label}: byte ${i} is ${received[i]}, expected ${expected[i]}`);
  }
}

/** Runs `quantize` on guarded outputs in every place and of every kind; all must get the bytes of `expected`. */
function compare(
  kernels: Kernels,
  label: string,
  expected: (kind: Kind) => ByteArray,
  quantize: (guards: GuardedArrays, out: ByteArray) => void,
): void {
  for (const kind of KINDS) {
    const bytes = expected(kind);
    for (const where of PLACES) {
      for (const fill of FILLS) {
        const guards = guardArrays(kernels, where);
        const out = guards[kind](bytes.length, fill);
        quantize(guards, out);
        expectEqualBytes(out, bytes, `${label}, ${kind}, ${where}`);
        guards.check();
      }
    }
  }
}

const emptyBytes = (kind: Kind, length: number): ByteArray =>
  kind === 'int8' ? new Int8Array(length) : new Uint8Array(length);

function compareScalar(kernels: Kernels, matrix: Matrix, ranges: Matrix): void {
  const { rows, columns } = matrix;
  compare(
    kernels,
    `codes of [${rows}, ${columns}]`,
    (kind) => naiveCodes(matrix, ranges, emptyBytes(kind, rows * columns)),
    (guards, out) =>
      kernels.quantizeScalar(
        { ...matrix, data: guards.float32(matrix.data) },
        { ...ranges, data: guards.float32(ranges.data) },
        out,
      ),
  );
}

function compareBinary(kernels: Kernels, matrix: Matrix): void {
  const { rows, columns } = matrix;
  compare(
    kernels,
    `bits of [${rows}, ${columns}]`,
    (kind) => naiveBits(matrix, emptyBytes(kind, rows * Math.ceil(columns / 8))),
    (guards, out) => kernels.quantizeBinary({ ...matrix, data: guards.float32(matrix.data) }, out),
  );
}

/** Compares the codes of one row with those written down here. */
function expectCodes(kernels: Kernels, matrix: Matrix, ranges: Matrix, codes: readonly number[]): void {
  const unsigned = new Uint8Array(codes.length);
  kernels.quantizeScalar(matrix, ranges, unsigned);
  expect([...unsigned]).toEqual(codes);
  compareScalar(kernels, matrix, ranges);
}

/** Normal values, and ranges that are too narrow for some of them. */
function randomProblem(seed: number, rows: number, columns: number): { matrix: Matrix; ranges: Matrix } {
  const random = createRandom(seed);
  const data = normals(random, rows * columns);
  const minima = Array.from({ length: columns }, () => Math.fround(-0.2 - 2 * random.uniform()));
  const maxima = Array.from({ length: columns }, () => Math.fround(0.2 + 2 * random.uniform()));
  // Half of the values lie where a code begins, as near as float32 comes, the ends of the range among them.
  for (let i = 0; i < data.length; i++) {
    const column = i % columns;
    if (random.uniform() < 0.5) continue;
    const part = random.below(256) / 255;
    data[i] = minima[column]! + (maxima[column]! - minima[column]!) * part;
  }
  return { matrix: { data, rows, columns }, ranges: rangesOf(minima, maxima) };
}

/** Signs at random, a quarter of the values zeros of either sign. */
function randomSigns(seed: number, rows: number, columns: number): Matrix {
  const random = createRandom(seed);
  const data = normals(random, rows * columns);
  for (let i = 0; i < data.length; i++) if (random.uniform() < 0.25) data[i] = random.uniform() < 0.5 ? 0 : -0;
  return { data, rows, columns };
}

const repeated = (count: number, value: number): number[] => new Array<number>(count).fill(value);

/** Checks of `quantizeScalar` and `quantizeBinary`: bytes must be equal, not close. */
export const kernelsQuantizationChecks: readonly KernelsCheck[] = [
  kernelsCheck('quantizeScalar divides a range into 255 steps, takes the floor and clips', (kernels) => {
    const values = [-3, -0.001, 0, 0.999, 1, 1.999, 127.5, 254, 254.999, 255, 255.5, 300];
    const ranges = rangesOf(repeated(values.length, 0), repeated(values.length, 255));
    expectCodes(kernels, row(...values), ranges, [0, 0, 0, 0, 1, 1, 127, 254, 254, 255, 255, 255]);
  }),
  kernelsCheck('quantizeScalar rounds every operation to float32', (kernels) => {
    // From numpy in float32; float64 gives 18, 11, 29 and 66.
    const ranges = rangesOf(
      [-0.13210485875606537, 0.10490011423826218, -0.5356693863868713, 0.9470809698104858],
      [0.1257302165031433, 0.6404226422309875, 0.3615950644016266, 1.3040000200271606],
    );
    const values = [-0.11289361864328384, 0.13010117411613464, -0.43362754583358765, 1.0408596992492676];
    expectCodes(kernels, row(...values), ranges, [19, 12, 28, 67]);
  }),
  kernelsCheck('quantizeScalar gives equal codes at every shape, also where a code begins', (kernels) => {
    for (const columns of COLUMNS) {
      for (const rows of [1, 2, 5]) {
        const { matrix, ranges } = randomProblem(columns * 10 + rows, rows, columns);
        compareScalar(kernels, matrix, ranges);
      }
    }
  }),
  kernelsCheck('quantizeScalar takes a step of 1 for a column without extent', (kernels) => {
    const values = [2, 4.5, 1, 600, 0.5, 3, 5e-43];
    // The width of the sixth is above 0, its step is not; that of the last is three times the smallest float32.
    const minima = [2, 2, 2, 2, 0.25, 0, 0];
    const maxima = [2, 2, 2, 2, 0.25, 1e-44, 1e-42];
    expectCodes(kernels, row(...values), rangesOf(minima, maxima), [0, 2, 0, 255, 0, 3, 119]);
  }),
  kernelsCheck('quantizeScalar clips the largest values and gives what is not a number the lowest code', (kernels) => {
    const values = [3e38, -3e38, Infinity, -Infinity, Number.NaN, 3e38, -3e38, 1e10, Infinity];
    const minima = [-1, -1, -1, -1, -1, -3e38, -3e38, 0, -Infinity];
    const maxima = [1, 1, 1, 1, 1, 3e38, 3e38, 1e-30, 1];
    expectCodes(kernels, row(...values), rangesOf(minima, maxima), [255, 0, 255, 0, 0, 0, 0, 255, 0]);
    // The same in the lanes of full vectors.
    const wide = (list: readonly number[]): number[] => list.flatMap((value) => repeated(16, value));
    compareScalar(kernels, row(...wide(values)), rangesOf(wide(minima), wide(maxima)));
  }),
  kernelsCheck('quantizeScalar refuses ranges of another shape and an output that is too short', (kernels) => {
    const { matrix, ranges } = randomProblem(1, 3, 10);
    const out = new Int8Array(30);
    const refused: readonly Matrix[] = [
      { ...ranges, columns: 9 },
      { ...ranges, rows: 1 },
      { ...ranges, data: ranges.data.subarray(1) },
    ];
    for (const other of refused) {
      expect(codeOf(() => kernels.quantizeScalar(matrix, other, out))).toBe('ranges-mismatch');
    }
    for (const short of [new Int8Array(29), new Uint8Array(29)]) {
      expect(codeOf(() => kernels.quantizeScalar(matrix, ranges, short))).toBe('output-too-short');
      expect(short.every((value) => value === 0)).toBe(true);
    }
    expect(out.every((value) => value === 0)).toBe(true);
  }),
  kernelsCheck('quantizeBinary sets the bits of what is above 0, the first column in the highest bit', (kernels) => {
    const matrix = row(1, 0, -0, -1, 1e-30, -1e-30, 0, 1e-45, Infinity, Number.NaN, -Infinity, 2);
    const unsigned = new Uint8Array(2);
    kernels.quantizeBinary(matrix, unsigned);
    expect([...unsigned]).toEqual([0b1000_1001, 0b1001_0000]);
    const signed = new Int8Array(2);
    kernels.quantizeBinary(matrix, signed);
    expect([...signed]).toEqual([0b1000_1001 - 128, 0b1001_0000 - 128]);
  }),
  kernelsCheck('quantizeBinary gives equal bits at every shape, the last byte of a row filled up', (kernels) => {
    for (const columns of COLUMNS) {
      for (const rows of [1, 2, 5]) compareBinary(kernels, randomSigns(columns * 10 + rows, rows, columns));
      compareBinary(kernels, { data: new Float32Array(3 * columns).fill(1), rows: 3, columns });
    }
  }),
  kernelsCheck('quantizeBinary refuses an output that is too short', (kernels) => {
    const matrix = randomSigns(1, 3, 10);
    for (const short of [new Int8Array(5), new Uint8Array(5)]) {
      expect(codeOf(() => kernels.quantizeBinary(matrix, short))).toBe('output-too-short');
      expect(short.every((value) => value === 0)).toBe(true);
    }
  }),
  kernelsCheck('quantization takes no rows, no columns, and arrays that are longer than needed', (kernels) => {
    const none = { data: new Float32Array(0), rows: 0, columns: 5 };
    compareScalar(kernels, none, rangesOf(repeated(5, 0), repeated(5, 1)));
    compareBinary(kernels, none);
    const narrow = { data: new Float32Array(0), rows: 5, columns: 0 };
    compareScalar(kernels, narrow, rangesOf([], []));
    compareBinary(kernels, narrow);
    const matrix = { data: Float32Array.of(0, 255, 7, 8), rows: 1, columns: 2 };
    const ranges = { data: Float32Array.of(0, 0, 255, 255, 9), rows: 2, columns: 2 };
    const codes = new Uint8Array(4).fill(77);
    kernels.quantizeScalar(matrix, ranges, codes);
    expect([...codes]).toEqual([0, 255, 77, 77]);
    const bits = new Uint8Array(3).fill(77);
    kernels.quantizeBinary(matrix, bits);
    expect([...bits]).toEqual([0b0100_0000, 77, 77]);
  }),
  kernelsCheck('quantization gives equal bytes for many rows and for long ones', (kernels) => {
    for (const [rows, columns] of [
      [3001, 37],
      [1500, 701],
      [1, 300_001],
    ] as const) {
      const { matrix, ranges } = randomProblem(rows, rows, columns);
      const codes = new Int8Array(rows * columns);
      kernels.quantizeScalar(matrix, ranges, codes);
      expectEqualBytes(codes, naiveCodes(matrix, ranges, codes), `codes of [${rows}, ${columns}]`);
      const bits = new Uint8Array(rows * Math.ceil(columns / 8));
      kernels.quantizeBinary(matrix, bits);
      expectEqualBytes(bits, naiveBits(matrix, bits), `bits of [${rows}, ${columns}]`);
    }
  }),
];
