import {
  type AdamWReplay,
  type AdamWTable,
  createRandom,
  type Kernels,
  type Random,
  type SparseRows,
} from '@embedbag/core';
import { expect } from 'vitest';
import { type GuardedArrays, guardArrays, PLACES, type Place } from './guarded-array.js';
import { type KernelsCheck, kernelsCheck, normals } from './kernels-check.js';

const BETAS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

interface ReplayCase {
  readonly rows: number;
  readonly columns: number;
  readonly weightDecay: number;
  /** By step. */
  readonly learningRates: readonly number[];
  /** One step in so many has a gradient; the steps between are missed by all rows. */
  readonly gradientEvery: number;
}

/** A table with its moments, every second row of which begins as zeros in the moments. */
function tableOf(guards: GuardedArrays, { rows, columns, weightDecay }: ReplayCase): AdamWTable {
  const length = rows * columns;
  const table = { data: guards.output(length), rows, columns };
  table.data.set(normals(createRandom(length, 'table'), length));
  const moments = { firstMoment: guards.output(length).fill(0), secondMoment: guards.output(length).fill(0) };
  return { table, ...moments, ...BETAS, weightDecay };
}

/** A gradient of about a third of the rows, none of row 0. */
function someRows(random: Random, guards: GuardedArrays, { rows, columns }: ReplayCase): SparseRows {
  const touched = Array.from({ length: rows }, (_, row) => row).filter((row) => row > 0 && random.below(3) === 0);
  const values = guards.float32(normals(random, touched.length * columns));
  return { rows: guards.int32(touched), values, count: touched.length, columns };
}

function replayOf(
  table: AdamWTable,
  rates: readonly number[],
  missed: readonly (readonly [number, number])[],
): AdamWReplay {
  return {
    ...table,
    rows: Int32Array.from(missed, ([row]) => row),
    count: missed.length,
    firstMissed: Int32Array.from(missed, ([, step]) => step),
    rates: Float64Array.from(rates),
    steps: rates.length / 3,
  };
}

/** Runs all steps by `adamW` on one table, and on another by `onlyTouched` and replays now and then. */
function compareReplay(kernels: Kernels, example: ReplayCase, where: Place): void {
  const guards = guardArrays(kernels, where);
  const random = createRandom(example.rows * 1000 + example.columns, 'replay');
  const dense = tableOf(guards, example);
  const deferred = tableOf(guards, example);
  const stepsDone = new Int32Array(example.rows);
  const rates: number[] = [];
  const replay = (rows: readonly number[]): void => {
    const steps = rates.length / 3;
    const missed = rows.filter((row) => stepsDone[row]! < steps).map((row) => [row, stepsDone[row]!] as const);
    kernels.adamWReplay?.(replayOf(deferred, rates, missed));
    for (const row of rows) stepsDone[row] = steps;
  };
  const none = { rows: new Int32Array(0), values: new Float32Array(0), count: 0, columns: example.columns };
  for (const [index, learningRate] of example.learningRates.entries()) {
    const corrections = { biasCorrection1: 1 - 0.9 ** (index + 1), biasCorrection2: 1 - 0.999 ** (index + 1) };
    const gradient = index % example.gradientEvery === 0 ? someRows(random, guards, example) : none;
    const step = { gradient, gradientScale: 0.7, learningRate, ...corrections };
    kernels.adamW({ ...dense, ...step });
    replay([...gradient.rows].reverse());
    kernels.startAdamW?.({ ...deferred, ...step }, { onlyTouched: true })();
    rates.push(learningRate, corrections.biasCorrection1, corrections.biasCorrection2);
    for (const row of gradient.rows) stepsDone[row] = index + 1;
  }
  replay(Array.from({ length: example.rows }, (_, row) => row));
  const label = `${example.rows} x ${example.columns}, ${where}`;
  expect(deferred.table.data, `${label}: table`).toEqual(dense.table.data);
  expect(deferred.firstMoment, `${label}: first moment`).toEqual(dense.firstMoment);
  expect(deferred.secondMoment, `${label}: second moment`).toEqual(dense.secondMoment);
  guards.check();
}

const upAndDown = (steps: number): number[] =>
  Array.from({ length: steps }, (_, i) => 0.2 * Math.min(i / 5, (steps - i) / (steps - 5)));

/** Checks of `startAdamW` and `adamWReplay`, which hold nothing against kernels without them. */
export const kernelsReplayChecks: readonly KernelsCheck[] = [
  kernelsCheck('startAdamW and adamWReplay are both there, or both missing', (kernels) => {
    expect(kernels.startAdamW === undefined).toBe(kernels.adamWReplay === undefined);
  }),
  kernelsCheck('startAdamW gives the bytes of adamW, and leaves rows without a gradient where asked to', (kernels) => {
    if (kernels.startAdamW === undefined) return;
    for (const where of PLACES) {
      const example = { rows: 9, columns: 37, weightDecay: 0.01, learningRates: [], gradientEvery: 1 };
      const guards = guardArrays(kernels, where);
      const [all, started, touched] = [0, 1, 2].map(() => tableOf(guards, example)) as [
        AdamWTable,
        AdamWTable,
        AdamWTable,
      ];
      const gradient = someRows(createRandom(3), guards, example);
      const before = touched.table.data.slice();
      const rates = { learningRate: 0.1, biasCorrection1: 0.1, biasCorrection2: 0.001 };
      const step = { gradient, gradientScale: 0.5, ...rates };
      kernels.adamW({ ...all, ...step });
      kernels.startAdamW({ ...started, ...step })();
      kernels.startAdamW({ ...touched, ...step }, { onlyTouched: true })();
      expect(started).toEqual(all);
      for (let row = 0; row < example.rows; row++) {
        const isTouched = gradient.rows.includes(row);
        const rowOf = (data: Float32Array): Float32Array => data.slice(row * 37, row * 37 + 37);
        expect(rowOf(touched.table.data)).toEqual(rowOf(isTouched ? all.table.data : before));
        if (!isTouched) expect(rowOf(touched.secondMoment)).toEqual(new Float32Array(37));
      }
      guards.check();
    }
  }),
  kernelsCheck('adamWReplay gives the bytes of adamW step by step, for any number of columns', (kernels) => {
    for (const where of PLACES) {
      for (const [rows, columns] of [
        [1, 1],
        [12, 3],
        [40, 16],
        [33, 36],
        [7, 257],
      ] as const) {
        const settings = { rows, columns, learningRates: upAndDown(20), gradientEvery: 1 };
        compareReplay(kernels, { ...settings, weightDecay: 0 }, where);
        compareReplay(kernels, { ...settings, weightDecay: 0.05 }, where);
      }
    }
  }),
  kernelsCheck('adamWReplay gives the bytes of adamW over hundreds of missed steps', (kernels) => {
    const settings = { rows: 6, columns: 40, weightDecay: 0, gradientEvery: 600 };
    compareReplay(kernels, { ...settings, learningRates: upAndDown(1100) }, 'allocated');
    compareReplay(kernels, { ...settings, weightDecay: 1e-4, learningRates: upAndDown(400) }, 'allocated');
  }),
  kernelsCheck('adamWReplay gives the bytes of adamW when the rate rises late among the missed steps', (kernels) => {
    const learningRates = Array.from({ length: 500 }, (_, i) => (i < 320 ? 1e-3 : i === 320 ? 0 : 1e11 * i));
    compareReplay(kernels, { rows: 6, columns: 40, weightDecay: 0, gradientEvery: 600, learningRates }, 'allocated');
  }),
  kernelsCheck('adamWReplay of no rows, and of rows that missed nothing, changes nothing', (kernels) => {
    const example = { rows: 3, columns: 4, weightDecay: 0.1, learningRates: [], gradientEvery: 1 };
    const guards = guardArrays(kernels, 'plain');
    const table = tableOf(guards, example);
    table.firstMoment.fill(1);
    const before = table.table.data.slice();
    kernels.adamWReplay?.(replayOf(table, [0.1, 0.1, 0.1], []));
    kernels.adamWReplay?.(replayOf(table, [0.1, 0.1, 0.1], [[1, 1]]));
    expect(table.table.data).toEqual(before);
    guards.check();
  }),
];
