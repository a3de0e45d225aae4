import { expect, test } from 'vitest';
import { summarize } from './test.mjs';
import { ensureNode, isAtLeast } from './workspace.mjs';

test('a clean run says how many tests passed and exits with 0', () => {
  const counts = { passed: 12, failed: 0, skipped: 0, unhandledErrors: 0 };
  expect(summarize(counts, 0)).toEqual({ line: '12 passed, 0 failed', exitCode: 0 });
  expect(summarize({ ...counts, skipped: 3 }, 0)).toEqual({ line: '12 passed, 0 failed, 3 skipped', exitCode: 0 });
});

test('an error outside any test counts as a failure', () => {
  const counts = { passed: 12, failed: 1, skipped: 0, unhandledErrors: 2 };
  expect(summarize(counts, 1)).toEqual({ line: '12 passed, 3 failed', exitCode: 1 });
});

test('a failed vitest never reads as no failure', () => {
  const counts = { passed: 12, failed: 0, skipped: 0, unhandledErrors: 0 };
  expect(summarize(counts, 1)).toEqual({ line: '12 passed, 1 failed', exitCode: 1 });
  expect(summarize(undefined, 134)).toEqual({ line: '0 passed, 1 failed', exitCode: 134 });
});

test('a failure fails the run even when vitest says all is well', () => {
  const counts = { passed: 12, failed: 1, skipped: 0, unhandledErrors: 0 };
  expect(summarize(counts, 0)).toEqual({ line: '12 passed, 1 failed', exitCode: 1 });
});

test('a run without any test fails', () => {
  const counts = { passed: 0, failed: 0, skipped: 0, unhandledErrors: 0 };
  expect(summarize(counts, 0)).toEqual({ line: '0 passed, 0 failed', exitCode: 1 });
  expect(summarize(counts, 1)).toEqual({ line: '0 passed, 0 failed', exitCode: 1 });
});

test('versions are compared as numbers', () => {
  expect(isAtLeast('20.19.0', '20.19.0')).toBe(true);
  expect(isAtLeast('20.9.9', '20.19.0')).toBe(false);
  expect(isAtLeast('22.0.0', '20.19.0')).toBe(true);
});

test('an old Node is refused with what is needed and what came', () => {
  expect(() => ensureNode('18.20.1')).toThrow(
    'Expected Node 20.19.0 or newer, received 18.20.1. Install a newer Node from https://nodejs.org and try again.',
  );
});
