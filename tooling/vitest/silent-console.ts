/**
 * A vitest setup file: a test that prints fails. A warning nobody reads is worse than an error, and a library that prints
 * into its user's terminal is a defect.
 */
import process from 'node:process';
import { afterAll, afterEach } from 'vitest';

const METHODS = ['debug', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const;

let printed: string[] = [];

for (const method of METHODS) {
  console[method] = (...values: unknown[]): void => {
    printed.push(`console.${method}(${values.map(String).join(', ')})`);
  };
}

for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = (chunk: unknown, ...rest: unknown[]): boolean => {
    printed.push(`process.${name}.write(${String(chunk).trimEnd()})`);
    const written = rest.at(-1);
    if (typeof written === 'function') written();
    return true;
  };
}

function expectSilence(): void {
  if (printed.length === 0) return;
  const calls = printed;
  printed = [];
  throw new Error(`Expected a silent test, received output:\n${calls.join('\n')}`);
}

afterEach(expectSilence);
// What a file prints outside its tests.
afterAll(expectSilence);
