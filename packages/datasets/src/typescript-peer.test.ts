import { afterEach, expect, test, vi } from 'vitest';
import { fileWith, refusal } from './fixtures/folder.js';

afterEach(() => {
  vi.doUnmock('node:module');
  vi.resetModules();
});

async function refusalWith(require: () => unknown): Promise<{ readonly code: string; readonly message: string }> {
  vi.resetModules();
  vi.doMock('node:module', () => ({ createRequire: () => require }));
  const { pairsFromTypeScript } = await import('./pairs-from-typescript.js');
  return refusal(() => pairsFromTypeScript(fileWith('a.ts', '')));
}

test('pairsFromTypeScript says what to install where there is no compiler', async () => {
  const missing = (): never => {
    throw new Error("Cannot find module 'typescript'");
  };
  expect(await refusalWith(missing)).toEqual({
    code: 'missing-peer',
    message:
      'Expected the package `typescript` to read TypeScript sources, received none. Run `npm install typescript@6`.',
  });
});

test('pairsFromTypeScript refuses a compiler without the parser', async () => {
  expect(await refusalWith(() => ({ version: '7.0.0' }))).toEqual({
    code: 'unsupported-peer',
    message: 'Expected `typescript` version 5 or 6, received 7.0.0. Run `npm install typescript@6`.',
  });
});
