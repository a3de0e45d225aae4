import fc from 'fast-check';
import { expect, test } from 'vitest';
import { float32Norm, float32Sum } from './float32-sum.js';

/** Numbers between -0.5 and 0.5 that any language can make. */
const values = Float32Array.from(
  { length: 1024 },
  (_, i) => Number((BigInt(i) * 2654435761n) % 4294967296n) / 2 ** 32 - 0.5,
);

test.each([
  [8, -0.6950483322143555, 0.8374123573303223],
  [12, -0.20975685119628906, 1.0458147525787354],
  [32, -0.455142617225647, 1.6590160131454468],
  [100, -0.7317656874656677, 2.9015769958496094],
  [256, -0.37067216634750366, 4.628103256225586],
  [768, -0.6859457492828369, 8.009440422058105],
  [1024, -0.6305454969406128, 9.24161434173584],
])('the sum and the norm of %i values have the bits of PyTorch 2.15', (length, sum, norm) => {
  expect(float32Sum(values, length)).toBe(sum);
  expect(float32Norm(values, 0, length)).toBe(norm);
});

test('is the sum up to rounding, for any length', () => {
  fc.assert(
    fc.property(fc.float32Array({ min: -8, max: 8, noNaN: true, maxLength: 700, size: 'max' }), (list) => {
      const exact = list.reduce((sum, value) => sum + value, 0);
      expect(Math.abs(float32Sum(list, list.length) - exact)).toBeLessThan(1e-2);
      const norm = Math.sqrt(list.reduce((sum, value) => sum + value * value, 0));
      expect(float32Norm(list, 0, list.length)).toBeCloseTo(norm, 2);
    }),
  );
});

test('a norm is that of the row it is asked for', () => {
  expect(float32Norm(Float32Array.of(9, 9, 3, 4, 9), 2, 2)).toBe(5);
});
