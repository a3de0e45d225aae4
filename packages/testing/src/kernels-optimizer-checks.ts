import { type AdamWStep, createRandom, type Kernels, type Random, type SparseRows } from '@embedbag/core';
import { expect } from 'vitest';
import { expectClose, largest } from './expect-close.js';
import { guardArrays, PLACES, type Place } from './guarded-array.js';
import { type KernelsCheck, kernelsCheck, normals } from './kernels-check.js';
import { type NaiveAdamWState, naiveAdamW } from './naive-kernels.js';

interface AdamWCase {
  readonly rows: number;
  readonly columns: number;
  readonly weightDecay: number;
  readonly gradientScale: number;
  readonly learningRates: readonly number[];
}

/** A gradient of about half of the rows; the first touched row's values are tiny, so that epsilon matters. */
function randomGradient(random: Random, rows: number, columns: number): SparseRows {
  const touched = Array.from({ length: rows }, (_, row) => row).filter(() => random.below(2) === 0);
  const values = normals(random, touched.length * columns);
  for (let c = 0; c < columns && touched.length > 0; c++) values[c]! *= 1e-8;
  return { rows: Int32Array.from(touched), values, count: touched.length, columns };
}

function compareAdamW(kernels: Kernels, adamW: AdamWCase, where: Place): void {
  const { rows, columns } = adamW;
  const random = createRandom(rows * 1000 + columns, 'adamw');
  const guards = guardArrays(kernels, where);
  const start = normals(random, rows * columns);
  const table = guards.output(rows * columns);
  table.set(start);
  const firstMoment = guards.output(rows * columns).fill(0);
  const secondMoment = guards.output(rows * columns).fill(0);
  const expected: NaiveAdamWState = {
    table: Float64Array.from(start),
    firstMoment: new Float64Array(rows * columns),
    secondMoment: new Float64Array(rows * columns),
  };
  let power1 = 1;
  let power2 = 1;
  for (const learningRate of adamW.learningRates) {
    power1 *= 0.9;
    power2 *= 0.999;
    const drawn = randomGradient(random, rows, columns);
    const gradient = { ...drawn, rows: guards.int32(drawn.rows), values: guards.float32(drawn.values) };
    const step: AdamWStep = {
      table: { data: table, rows, columns },
      firstMoment,
      secondMoment,
      gradient,
      gradientScale: adamW.gradientScale,
      learningRate,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: adamW.weightDecay,
      biasCorrection1: 1 - power1,
      biasCorrection2: 1 - power2,
    };
    kernels.adamW(step);
    naiveAdamW(expected, step);
    const label = `${rows} x ${columns}, ${where}`;
    expectClose(table, expected.table, 1e-5 * largest(expected.table, 1), `${label}: table`);
    expectClose(firstMoment, expected.firstMoment, 1e-5 * largest(expected.firstMoment), `${label}: first moment`);
    expectClose(secondMoment, expected.secondMoment, 1e-5 * largest(expected.secondMoment), `${label}: second moment`);
  }
  guards.check();
}

const FIVE_STEPS = [0, 0.1, 0.2, 0.15, 0.05];

/** Checks of `adamW` and `gradientNorm`. */
export const kernelsOptimizerChecks: readonly KernelsCheck[] = [
  kernelsCheck('adamW follows the formula over several steps, also in rows without a gradient', (kernels) => {
    for (const where of PLACES) {
      for (const [rows, columns] of [
        [1, 1],
        [5, 3],
        [40, 16],
        [33, 36],
        [7, 257],
      ] as const) {
        compareAdamW(kernels, { rows, columns, weightDecay: 0, gradientScale: 1, learningRates: FIVE_STEPS }, where);
      }
    }
  }),
  kernelsCheck('adamW decays the weights apart from the gradient and scales the gradient first', (kernels) => {
    for (const where of PLACES) {
      const settings = { rows: 20, columns: 12, weightDecay: 0.05, gradientScale: 0.3, learningRates: FIVE_STEPS };
      compareAdamW(kernels, settings, where);
    }
  }),
  kernelsCheck('adamW leaves the bytes of the table when the learning rate is 0', (kernels) => {
    const data = normals(createRandom(1), 64);
    const before = data.slice();
    kernels.adamW({
      table: { data, rows: 8, columns: 8 },
      firstMoment: new Float32Array(64),
      secondMoment: new Float32Array(64),
      gradient: { rows: Int32Array.of(2), values: normals(createRandom(2), 8), count: 1, columns: 8 },
      gradientScale: 1,
      learningRate: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      biasCorrection1: 0.1,
      biasCorrection2: 0.001,
    });
    expect(data).toEqual(before);
  }),
  kernelsCheck('adamW and gradientNorm take what bagBackward lends', (kernels) => {
    const bags = { ids: Int32Array.of(3, 1), offsets: Int32Array.of(0, 1, 2) };
    const gradient = kernels.bagBackward(bags, Float32Array.of(3, 0, 0, 4), 2);
    expect(kernels.gradientNorm(gradient)).toBeCloseTo(5, 5);
    const data = new Float32Array(8);
    const moments = { firstMoment: new Float32Array(8), secondMoment: new Float32Array(8) };
    const rates = { gradientScale: 1, learningRate: 0.5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    const corrections = { biasCorrection1: 1 - 0.9, biasCorrection2: 1 - 0.999 };
    kernels.adamW({ table: { data, rows: 4, columns: 2 }, ...moments, gradient, ...rates, ...corrections });
    expectClose(data, [0, 0, 0, -0.5, 0, 0, -0.5, 0], 1e-5, 'table');
  }),
  kernelsCheck('gradientNorm is the Euclidean norm of all values', (kernels) => {
    for (const where of PLACES) {
      for (const [count, columns] of [
        [0, 4],
        [1, 1],
        [3, 5],
        [300, 100],
      ] as const) {
        const guards = guardArrays(kernels, where);
        const rows = guards.int32(Array.from({ length: count }, (_, row) => row * 2));
        const values = guards.float32(normals(createRandom(count), count * columns));
        const norm = kernels.gradientNorm({ rows, values, count, columns });
        const expected = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
        expectClose([norm], [expected], 1e-6 * expected, `${count} x ${columns}, ${where}`);
        guards.check();
      }
    }
  }),
];
