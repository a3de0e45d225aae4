import { expect, test } from 'vitest';
import { createRandom, restoreRandom } from './random.js';

test('the same seed and stream give the same numbers, another seed or stream gives others', () => {
  const draw = (seed: number, stream?: string): number[] => {
    const random = createRandom(seed, stream);
    return Array.from({ length: 8 }, () => random.uint32());
  };
  expect(draw(42)).toEqual(draw(42));
  expect(draw(42)).not.toEqual(draw(43));
  expect(draw(42, 'table')).not.toEqual(draw(42, 'sampler'));
  expect(draw(2 ** 40 + 1)).not.toEqual(draw(1));
});

test('a restored state goes on where it was, the spare normal included', () => {
  const random = createRandom(7);
  random.normal();
  const copy = restoreRandom(random.state());
  expect(Array.from({ length: 5 }, () => copy.normal())).toEqual(Array.from({ length: 5 }, () => random.normal()));
});

test('normals have the moments of a standard normal', () => {
  const random = createRandom(3);
  const count = 200_000;
  let sum = 0;
  let squares = 0;
  let fourths = 0;
  for (let i = 0; i < count; i++) {
    const value = random.normal();
    sum += value;
    squares += value * value;
    fourths += value ** 4;
  }
  expect(Math.abs(sum / count)).toBeLessThan(0.01);
  expect(Math.abs(squares / count - 1)).toBeLessThan(0.02);
  expect(Math.abs(fourths / count - 3)).toBeLessThan(0.1);
});

test('below is uniform and never reaches its bound', () => {
  const random = createRandom(11);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[random.below(7)]! += 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('shuffle keeps every item and uses every order', () => {
  const random = createRandom(5);
  const seen = new Set<string>();
  for (let i = 0; i < 400; i++) {
    const items = Int32Array.of(1, 2, 3, 4);
    random.shuffle(items);
    expect([...items].sort()).toEqual([1, 2, 3, 4]);
    seen.add(items.join());
  }
  expect(seen.size).toBe(24);
});
