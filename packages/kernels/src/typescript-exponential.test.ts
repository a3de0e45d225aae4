import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exponential, logarithm } from './typescript-exponential.js';

test('the exponential agrees with the engine to 1e-15 over all normal results', () => {
  for (let x = 0; x > -708; x -= 0.0371) expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
  fc.assert(
    fc.property(fc.double({ min: -708, max: 0, noNaN: true }), (x) => {
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
    }),
  );
});

test('the exponential is exact at 0, falls to 0 and never rises below it', () => {
  expect(exponential(0)).toBe(1);
  expect(exponential(-0)).toBe(1);
  expect(exponential(-740)).toBeGreaterThan(0);
  expect(exponential(-746)).toBe(0);
  expect(exponential(-1e300)).toBe(0);
  expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
});

test('the logarithm agrees with the engine to 1e-15', () => {
  expect(logarithm(1)).toBe(0);
  fc.assert(
    fc.property(fc.double({ min: 1.001, max: 1e300, noNaN: true }), (x) => {
      expect(Math.abs(logarithm(x) / Math.log(x) - 1)).toBeLessThan(1e-15);
    }),
  );
});
