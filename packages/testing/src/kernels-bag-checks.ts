import { createRandom, type Kernels, type Matrix, type TokenBags } from '@embedbag/core';
import { expect } from 'vitest';
import { expectClose, largest } from './expect-close.js';
import { type GuardedArrays, guardArrays, PLACES } from './guarded-array.js';
import { codeOf, type KernelsCheck, kernelsCheck, normals } from './kernels-check.js';
import { naiveBagBackward, naiveBagForward } from './naive-kernels.js';

const TABLE_ROWS = 53;
const COLUMN_COUNTS = [1, 3, 4, 16, 36, 100, 256];
/** Tokens of each bag: empty first, inside and last. */
const BAG_LENGTHS = [0, 1, 2, 7, 0, 64, 3, 200, 0];

interface BagCase {
  readonly ids: number[];
  readonly offsets: number[];
}

function randomBags(seed: number, lengths: readonly number[]): BagCase {
  const random = createRandom(seed, 'bags');
  const ids: number[] = [];
  const offsets = [0];
  for (const length of lengths) {
    // A quarter of the table, so that most tokens repeat, within a bag and across bags.
    for (let i = 0; i < length; i++)
      ids.push(random.below(4) > 0 ? random.below(TABLE_ROWS / 4) : random.below(TABLE_ROWS));
    offsets.push(ids.length);
  }
  return { ids, offsets };
}

function place(guards: GuardedArrays, bags: BagCase): TokenBags {
  // What follows the last offset is not to be read as tokens.
  return { ids: guards.int32([...bags.ids, -1, 2_000_000_000]), offsets: guards.int32(bags.offsets) };
}

function compareForward(kernels: Kernels, columns: number, lengths: readonly number[], label: string): void {
  for (const where of PLACES) {
    const guards = guardArrays(kernels, where);
    const random = createRandom(columns, 'table');
    const data = guards.float32(normals(random, TABLE_ROWS * columns));
    const table = { data, rows: TABLE_ROWS, columns };
    const bags = place(guards, randomBags(columns, lengths));
    const out = guards.output(lengths.length * columns);
    kernels.bagForward(table, bags, out);
    expectClose(out, naiveBagForward(table, bags), 2e-6, `${label}, ${where}`);
    guards.check();
  }
}

function compareOptions(kernels: Kernels, columns: number, dimension: number): void {
  for (const where of PLACES) {
    const guards = guardArrays(kernels, where);
    const data = guards.float32(normals(createRandom(columns, 'table'), TABLE_ROWS * columns));
    const table = { data, rows: TABLE_ROWS, columns };
    const bags = place(guards, randomBags(columns, BAG_LENGTHS));
    const label = `${dimension} of ${columns} columns, ${where}`;
    for (const normalize of [false, true]) {
      const options = { dimension, normalize };
      const out = guards.output(BAG_LENGTHS.length * dimension);
      kernels.bagForward(table, bags, out, options);
      const expected = naiveBagForward(table, bags, options);
      expectClose(out, expected, 2e-6, normalize ? `${label}, normalised` : label);
    }
    guards.check();
  }
}

/** A case that is large enough for several threads. */
function startedCase(kernels: Kernels): { table: Matrix; bags: TokenBags; expected: Float32Array } {
  const columns = 256;
  const data = kernels.allocateFloat32(TABLE_ROWS * columns);
  data.set(normals(createRandom(3, 'table'), data.length));
  const table = { data, rows: TABLE_ROWS, columns };
  const lengths = Array.from({ length: 300 }, (_, i) => i % 7);
  const { ids, offsets } = randomBags(4, lengths);
  const bags = { ids: Int32Array.from(ids), offsets: Int32Array.from(offsets) };
  const expected = new Float32Array(lengths.length * columns);
  kernels.bagForward(table, bags, expected);
  return { table, bags, expected };
}

function compareBackward(kernels: Kernels, columns: number, lengths: readonly number[], label: string): void {
  for (const where of PLACES) {
    const guards = guardArrays(kernels, where);
    const bags = place(guards, randomBags(columns + 1, lengths));
    const gradient = guards.float32(normals(createRandom(columns, 'gradient'), lengths.length * columns));
    const result = kernels.bagBackward(bags, gradient, columns);
    const expected = naiveBagBackward(bags, gradient, columns);
    expect(result.count, `${label}: count`).toBe(expected.size);
    expect(result.columns, `${label}: columns`).toBe(columns);
    expect([...result.rows.subarray(0, result.count)], `${label}: rows`).toEqual([...expected.keys()]);
    const flat = [...expected.values()].flatMap((row) => [...row]);
    const values = result.values.subarray(0, result.count * columns);
    expectClose(values, flat, 5e-6 * largest(flat, 1), `${label}, ${where}`);
    guards.check();
  }
}

/** Checks of `bagForward` and `bagBackward`. */
export const kernelsBagChecks: readonly KernelsCheck[] = [
  kernelsCheck('bagForward writes the mean of each bag, for any number of columns', (kernels) => {
    for (const columns of COLUMN_COUNTS) compareForward(kernels, columns, BAG_LENGTHS, `${columns} columns`);
  }),
  kernelsCheck('bagForward writes zeros for an empty bag and nothing for no bags', (kernels) => {
    compareForward(kernels, 8, [0, 0, 0], 'empty bags');
    compareForward(kernels, 8, [], 'no bags');
  }),
  kernelsCheck('bagForward works with many short bags', (kernels) => {
    compareForward(
      kernels,
      12,
      Array.from({ length: 1000 }, (_, i) => i % 4),
      'short bags',
    );
  }),
  kernelsCheck(
    'bagForward averages the first columns alone, and normalises the means where it is told to',
    (kernels) => {
      for (const columns of COLUMN_COUNTS) {
        for (const dimension of new Set([1, Math.ceil(columns / 2), columns]))
          compareOptions(kernels, columns, dimension);
      }
    },
  ),
  kernelsCheck(
    'startBagForward writes what bagForward writes, and refuses other calls until it is finished',
    (kernels) => {
      if (kernels.startBagForward === undefined) return;
      const { table, bags, expected } = startedCase(kernels);
      const out = new Float32Array(expected.length);
      const finish = kernels.startBagForward(table, bags, out);
      const other = new Float32Array(expected.length);
      const calls = [() => kernels.bagForward(table, bags, other), () => kernels.allocateFloat32(1)];
      const codes = calls.map((call) => codeOf(call));
      finish();
      expect(out).toEqual(expected);
      // Kernels that do all the work before they return may take other calls too.
      for (const code of codes) expect(['kernels-busy', undefined]).toContain(code);
      kernels.bagForward(table, bags, out);
    },
  ),
  kernelsCheck('bagForwardBatches writes the rows of all batches one below the other', (kernels) => {
    if (kernels.bagForwardBatches === undefined) return;
    for (const [columns, dimension] of [
      [36, 36],
      [256, 100],
    ] as const) {
      const table = { data: normals(createRandom(columns, 'table'), TABLE_ROWS * columns), rows: TABLE_ROWS, columns };
      const batches = [[3, 0, 5], [], [0], BAG_LENGTHS, Array.from({ length: 400 }, (_, i) => i % 9)].map(
        (lengths, i) => {
          const { ids, offsets } = randomBags(i, lengths);
          return { ids: Int32Array.from(ids), offsets: Int32Array.from(offsets) };
        },
      );
      const options = { dimension, normalize: true };
      const expected = batches.flatMap((bags) => naiveBagForward(table, bags, options).slice());
      const rows = batches.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
      const done: number[] = [];
      const onRows = (count: number): void => {
        done.push(count);
        kernels.release(kernels.allocateFloat32(1));
      };
      const result = kernels.bagForwardBatches(table, batches, rows, { ...options, onRows });
      expect(result.buffer).toBeInstanceOf(ArrayBuffer);
      expectClose(
        result,
        expected.flatMap((means) => [...means]),
        2e-6,
        `${dimension} of ${columns} columns`,
      );
      expect(done).toEqual([3, 3, 4, 4 + BAG_LENGTHS.length]);
    }
    expect(kernels.bagForwardBatches({ data: new Float32Array(2), rows: 1, columns: 2 }, [], 0)).toHaveLength(0);
  }),
  kernelsCheck(
    'bagForwardBatches ends by what the batches throw and by bags beyond `rows`, and works on',
    (kernels) => {
      if (kernels.bagForwardBatches === undefined) return;
      const { table, bags, expected } = startedCase(kernels);
      const rows = bags.offsets.length - 1;
      function* failing(): Generator<TokenBags> {
        yield bags;
        throw new Error('no more texts');
      }
      expect(() => kernels.bagForwardBatches?.(table, failing(), 2 * rows)).toThrow('no more texts');
      expect(codeOf(() => kernels.bagForwardBatches?.(table, [bags, bags], 2 * rows - 1))).toBe('output-too-short');
      const wrong = { ids: Int32Array.of(TABLE_ROWS), offsets: Int32Array.of(0, 1) };
      expect(codeOf(() => kernels.bagForwardBatches?.(table, [bags, wrong], rows + 1))).toBe('token-out-of-range');
      expect(kernels.bagForwardBatches(table, [bags], rows)).toEqual(expected);
    },
  ),
  kernelsCheck('bagForward refuses ids that are no rows of the table, and works on afterwards', (kernels) => {
    const table = { data: new Float32Array(10).fill(1), rows: 5, columns: 2 };
    for (const id of [5, -1, 2_000_000_000, -2_000_000_000]) {
      const bags = { ids: Int32Array.of(0, id), offsets: Int32Array.of(0, 1, 2) };
      expect(
        codeOf(() => kernels.bagForward(table, bags, new Float32Array(4))),
        `id ${id}`,
      ).toBe('token-out-of-range');
    }
    const out = new Float32Array(2);
    kernels.bagForward(table, { ids: Int32Array.of(4), offsets: Int32Array.of(0, 1) }, out);
    expect([...out]).toEqual([1, 1]);
  }),
  kernelsCheck('bagBackward gives the touched rows once, ascending, with the sum of their shares', (kernels) => {
    for (const columns of COLUMN_COUNTS) compareBackward(kernels, columns, BAG_LENGTHS, `${columns} columns`);
  }),
  kernelsCheck('bagBackward gives no rows for empty bags and for no bags', (kernels) => {
    compareBackward(kernels, 8, [0, 0, 0], 'empty bags');
    compareBackward(kernels, 8, [], 'no bags');
  }),
  kernelsCheck('bagBackward gives right rows after calls with more and with fewer tokens', (kernels) => {
    compareBackward(kernels, 16, [3], 'few tokens');
    compareBackward(
      kernels,
      20,
      Array.from({ length: 500 }, () => 9),
      'many tokens',
    );
    compareBackward(kernels, 16, [2, 1], 'few tokens again');
  }),
  kernelsCheck('bag kernels give the same bytes twice, wherever the arrays lie', (kernels) => {
    const columns = 36;
    const results: Uint8Array[][] = [];
    for (const where of [...PLACES, ...PLACES]) {
      const guards = guardArrays(kernels, where);
      const data = guards.float32(normals(createRandom(1), TABLE_ROWS * columns));
      const bags = place(guards, randomBags(2, BAG_LENGTHS));
      const out = guards.output(BAG_LENGTHS.length * columns);
      kernels.bagForward({ data, rows: TABLE_ROWS, columns }, bags, out);
      const { rows, values, count } = kernels.bagBackward(bags, out, columns);
      const bytes = [out, rows.subarray(0, count), values.subarray(0, count * columns)];
      results.push(bytes.map((array) => new Uint8Array(array.slice().buffer)));
      guards.check();
    }
    for (const result of results) expect(result).toEqual(results[0]);
  }),
];
