import { createRandom, hashTexts } from '@embedbag/core';
import { expect, test } from 'vitest';
import { createTextPositions } from './text-positions.js';

test('a text is found where it was first', () => {
  const texts = Array.from({ length: 5000 }, (_, index) => `text ${index % 1700}`);
  const hashes = hashTexts(texts);
  const positions = createTextPositions(texts.length);
  const found = texts.map((_, index) => positions.findOrAdd(hashes[index * 2]!, hashes[index * 2 + 1]!, index));
  expect(found).toEqual(texts.map((_, index) => (index < 1700 ? undefined : index % 1700)));
});

test('half a hash is no text', () => {
  const positions = createTextPositions(3);
  expect(positions.findOrAdd(7, 1, 0)).toBeUndefined();
  expect(positions.findOrAdd(7, 2, 1)).toBeUndefined();
  expect([positions.findOrAdd(7, 1, 2), positions.findOrAdd(7, 2, 3)]).toEqual([0, 1]);
});

test('a full table forgets new texts and finds the old ones', () => {
  const random = createRandom(5);
  const hashes = Array.from({ length: 400 }, () => [random.uint32(), random.uint32()] as const);
  const positions = createTextPositions(40);
  for (const [index, [low, high]] of hashes.entries()) expect(positions.findOrAdd(low, high, index)).toBeUndefined();
  const found = hashes.map(([low, high], index) => positions.findOrAdd(low, high, 1000 + index));
  expect(found.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  expect(found.filter((position) => position !== undefined)).toHaveLength(64);
});
