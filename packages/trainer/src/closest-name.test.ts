import { expect, test } from 'vitest';
import { closestName } from './closest-name.js';

const names = ['learningRate', 'warmupRatio', 'warmupSteps', 'seed'];

test('a misspelt name finds the nearest', () => {
  expect(closestName('warmup_step', names)).toBe('warmupSteps');
  expect(closestName('LEARNINGRATE', names)).toBe('learningRate');
  expect(closestName('sede', ['seed'])).toBeUndefined();
});

test('a name unlike all others finds none', () => {
  expect(closestName('optimizer', names)).toBeUndefined();
  expect(closestName('lr', names)).toBeUndefined();
});
