import type { Kernels, Matrix, SparseRows } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clipCoefficient, createAdamW } from './adamw.js';

let kernels: Kernels;

beforeEach(() => {
  kernels = createTypeScriptKernels();
});

afterEach(() => kernels.dispose());

const matrix = (values: readonly number[], columns: number): Matrix => {
  const data = kernels.allocateFloat32(values.length);
  data.set(values);
  return { data, rows: values.length / columns, columns };
};

const gradientOfRow = (row: number, values: readonly number[]): SparseRows => ({
  rows: Int32Array.of(row),
  values: Float32Array.from(values),
  count: 1,
  columns: values.length,
});

test('three steps are those of torch.optim.AdamW, rows without a gradient included', () => {
  const optimizer = createAdamW({ weightDecay: 0.01 });
  const table = matrix([1, -2, 0.5, 3], 2);
  let state = optimizer.init(kernels, table);
  const steps = [
    { gradient: gradientOfRow(0, [0.1, -0.4]), gradientScale: 1, learningRate: 0.1 },
    { gradient: gradientOfRow(1, [2, 1e-3]), gradientScale: 0.5, learningRate: 0.2 },
    { gradient: gradientOfRow(0, [-0.3, 0.2]), gradientScale: 1, learningRate: 0.05 },
  ];
  for (const step of steps) state = optimizer.update(state, { kernels, table, ...step });

  const expected = [1, -2, 0.5, 3];
  const dense = [
    [0.1, -0.4, 0, 0],
    [0, 0, 1, 0.5e-3],
    [-0.3, 0.2, 0, 0],
  ];
  const first = [0, 0, 0, 0];
  const second = [0, 0, 0, 0];
  for (const [t, gradients] of dense.entries()) {
    const rate = steps[t]!.learningRate;
    for (const [i, gradient] of gradients.entries()) {
      first[i] = 0.9 * first[i]! + 0.1 * gradient;
      second[i] = 0.999 * second[i]! + 0.001 * gradient * gradient;
      const corrected1 = first[i]! / (1 - [0.9, 0.81, 0.729][t]!);
      const corrected2 = second[i]! / (1 - [0.999, 0.998001, 0.997002999][t]!);
      expected[i] = expected[i]! * (1 - rate * 0.01) - (rate * corrected1) / (Math.sqrt(corrected2) + 1e-8);
    }
  }
  for (const [i, value] of expected.entries()) expect(table.data[i]).toBeCloseTo(value, 5);
});

test('the state counts steps and keeps the powers of beta as running products', () => {
  const optimizer = createAdamW({ beta1: 0.5, beta2: 0.25 });
  const table = matrix([1, 2], 2);
  const before = optimizer.init(kernels, table);
  const update = { kernels, table, gradient: gradientOfRow(0, [1, 1]), gradientScale: 1, learningRate: 0.1 };
  const after = optimizer.update(optimizer.update(before, update), update);
  expect(before).toMatchObject({ step: 0, beta1Power: 1, beta2Power: 1 });
  expect(after).toMatchObject({ step: 2, beta1Power: 0.25, beta2Power: 0.0625 });
  expect(after.firstMoment).toBe(before.firstMoment);
});

test('a rate of 0 moves the moments and not the table', () => {
  const optimizer = createAdamW();
  const table = matrix([1, 2], 2);
  const state = optimizer.init(kernels, table);
  optimizer.update(state, { kernels, table, gradient: gradientOfRow(0, [1, 1]), gradientScale: 1, learningRate: 0 });
  expect([...table.data]).toEqual([1, 2]);
  expect(state.firstMoment[0]).toBeCloseTo(0.1, 6);
});

test('released moments are back with the kernels', () => {
  const optimizer = createAdamW();
  const state = optimizer.init(kernels, { rows: 1, columns: 2 });
  optimizer.release(kernels, state);
  expect(() => kernels.release(state.firstMoment)).toThrow();
});

test('only gradients above the limit are scaled down, and 0 is no limit', () => {
  expect(clipCoefficient(0.5, 1)).toBe(1);
  expect(clipCoefficient(4, 1)).toBeCloseTo(1 / 4.000001, 12);
  expect(clipCoefficient(0, 1)).toBe(1);
  expect(clipCoefficient(4, 0)).toBe(1);
  expect(clipCoefficient(4, Number.POSITIVE_INFINITY)).toBe(1);
});
