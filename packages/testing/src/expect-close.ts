import { expect } from 'vitest';

/** Throws unless every value of `actual` is within `tolerance` of its value in `expected`; names the worst index. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let worst = -1;
  let worstError = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (error <= worstError) continue;
    if (Number.isNaN(error)) {
      expect.fail(`${what}: at index ${i} expected ${expected[i]}, received ${actual[i]}`);
    }
    worst = i;
    worstError = error;
  }
  if (worstError <= tolerance) return;
  expect.fail(
    `${what}: worst at index ${worst}: expected ${expected[worst]}, received ${actual[worst]}, ${worstError} apart where ${tolerance} is allowed`,
  );
}

/** The largest absolute value, at least `floor`. */
export function largest(values: ArrayLike<number>, floor = 0): number {
  let result = floor;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(values[i]!));
  return result;
}
