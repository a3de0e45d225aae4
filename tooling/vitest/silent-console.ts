/**
 * A vitest setup file: a test that prints to the console fails. A warning nobody reads is worse than an error,
 * and a library that prints into its user's terminal is a defect.
 */
import { afterAll, afterEach } from 'vitest';

const METHODS = ['debug', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const;

let printed: string[] = [];

for (const method of METHODS) {
  console[method] = (...values: unknown[]): void => {
    printed.push(`console.${method}(${values.map(String).join(', ')})`);
  };
}

function expectSilence(): void {
  if (printed.length === 0) return;
  const calls = printed;
  printed = [];
  throw new Error(`Expected no console output, received ${calls.length} calls:\n${calls.join('\n')}`);
}

afterEach(expectSilence);
// What a file prints outside its tests.
afterAll(expectSilence);
