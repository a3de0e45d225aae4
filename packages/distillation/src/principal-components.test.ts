import { createRandom, type Matrix } from '@embedbag/core';
import { describe, expect, it } from 'vitest';
import { principalComponents } from './principal-components.js';

/** Rows of three numbers that vary by 5, 2 and 0.5 in directions that are orthogonal. */
function rotatedRows(rows: number): Matrix {
  const random = createRandom(7);
  const data = new Float32Array(rows * 3);
  for (let row = 0; row < rows; row++) {
    const [a, b, c] = [5 * random.normal(), 2 * random.normal(), 0.5 * random.normal()];
    // The columns of a rotation: (1, 2, 2) / 3, (2, 1, -2) / 3, (2, -2, 1) / 3, and a mean far from 0.
    data[row * 3] = 10 + (a + 2 * b + 2 * c) / 3;
    data[row * 3 + 1] = -4 + (2 * a + b - 2 * c) / 3;
    data[row * 3 + 2] = (2 * a - 2 * b + c) / 3;
  }
  return { data, rows, columns: 3 };
}

function columnsOf({ data, rows, columns }: Matrix): number[][] {
  return Array.from({ length: columns }, (_, column) =>
    Array.from({ length: rows }, (_, row) => data[row * columns + column]!),
  );
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const product = (a: readonly number[], b: readonly number[]): number => mean(a.map((value, i) => value * b[i]!));

describe('principalComponents', () => {
  const rows = 1001;
  const matrix = rotatedRows(rows);

  it('finds directions without correlation, by falling variance', async () => {
    const { scores, variance, explained } = await principalComponents(matrix, 3);
    const [a, b, c] = columnsOf(scores) as [number[], number[], number[]];
    for (const column of [a, b, c]) expect(mean(column)).toBeCloseTo(0, 4);
    expect(Math.abs(product(a, b)) + Math.abs(product(a, c)) + Math.abs(product(b, c))).toBeLessThan(1e-4);
    for (const [index, column] of [a, b, c].entries()) {
      expect(variance[index]).toBeCloseTo((product(column, column) * rows) / (rows - 1), 3);
    }
    expect([...variance].map((value) => Math.sqrt(value))).toEqual([
      expect.closeTo(5, 0),
      expect.closeTo(2, 0),
      expect.closeTo(0.5, 1),
    ]);
    expect(explained).toBeCloseTo(1, 12);
  });

  it('keeps distances when it keeps all columns', async () => {
    const { scores } = await principalComponents(matrix, 3);
    const distance = ({ data }: Matrix, a: number, b: number): number =>
      Math.hypot(...[0, 1, 2].map((column) => data[a * 3 + column]! - data[b * 3 + column]!));
    for (const [a, b] of [
      [0, 1],
      [5, 800],
      [999, 1000],
    ] as const) {
      expect(distance(scores, a, b)).toBeCloseTo(distance(matrix, a, b), 4);
    }
  });

  it('cuts to the first columns and says what share of the variance they hold', async () => {
    const all = await principalComponents(matrix, 3);
    const cut = await principalComponents(matrix, 1);
    expect(columnsOf(cut.scores)[0]).toEqual(columnsOf(all.scores)[0]);
    const [first] = all.variance;
    expect(cut.explained).toBeCloseTo(first! / all.variance.reduce((sum, value) => sum + value, 0), 12);
  });

  it('gives the value of the largest magnitude of every column a positive sign', async () => {
    const { scores } = await principalComponents(matrix, 3);
    for (const column of columnsOf(scores)) {
      expect(Math.max(...column)).toBe(Math.max(...column.map(Math.abs)));
    }
  });

  it('ends with the reason of its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(principalComponents(matrix, 2, signal)).rejects.toThrow('enough');
  });
});
