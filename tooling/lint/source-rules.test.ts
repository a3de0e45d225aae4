import { describe, expect, test } from 'vitest';
import { lintRepository } from '../lint.mjs';
import { checkLength, checkName, checkSource } from './source-rules.mjs';

const folderByName = new Map([
  ['@embedbag/core', 'packages/core'],
  ['@embedbag/losses', 'packages/losses'],
  ['@embedbag/samplers', 'packages/samplers'],
  ['@embedbag/datasets', 'packages/datasets'],
  ['@embedbag/testing', 'packages/testing'],
  ['@embedbag/trainer', 'packages/trainer'],
  ['@embedbag/cli', 'packages/cli'],
  ['@embedbag/newcomer', 'packages/newcomer'],
]);

const everything = Object.fromEntries([...folderByName.keys(), 'apache-arrow', 'csv-parse'].map((name) => [name, '*']));

function problemsOf(text: string, options: { folder?: string; file?: string; dependencies?: object } = {}): string[] {
  const { folder = 'packages/losses', file = `${folder}/src/snippet.ts`, dependencies = everything } = options;
  const name = `@embedbag/${folder.split('/')[1]}`;
  return checkSource({ file, text, owner: { folder, manifest: { name, dependencies } }, folderByName });
}

describe('the direction of imports', () => {
  test('a leaf that imports another leaf is told to take it as an argument', () => {
    expect(problemsOf("import { batches } from '@embedbag/samplers';")).toEqual([
      'packages/losses/src/snippet.ts:1 Expected `packages/losses` to import only from layers below it, received `@embedbag/samplers` of the same layer. Take what you need as an argument, or put the contract in `core`.',
    ]);
  });

  test.each([
    ['a re-export', "export * from '@embedbag/trainer';"],
    ['a dynamic import', "export const load = async () => import('@embedbag/trainer');"],
    ['an import type', "export type Trainer = import('@embedbag/trainer').Trainer;"],
    ['a type-only import', "import type { Trainer } from '@embedbag/trainer';"],
    ['a sub-path', "import '@embedbag/trainer/loop';"],
  ])('%s of a higher layer is a problem', (_kind, text) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining('of a layer above. Move the code up')]);
  });

  test('an import from a lower layer, a comment and a string are no problem', () => {
    expect(problemsOf("import { hashText } from '@embedbag/core';")).toEqual([]);
    expect(problemsOf("// import '@embedbag/trainer';\nexport const text = \"import '@embedbag/trainer'\";")).toEqual(
      [],
    );
    expect(problemsOf("import '@embedbag/trainer';", { folder: 'packages/cli' })).toEqual([]);
    expect(problemsOf("import '@embedbag/cli';", { folder: 'apps/retrieval-en' })).toEqual([]);
  });

  test('a test may import what its package lists, and nothing else', () => {
    const file = 'packages/losses/src/snippet.test.ts';
    expect(problemsOf("import { batches } from '@embedbag/samplers';", { file })).toEqual([]);
    expect(problemsOf("import { batches } from '@embedbag/samplers';", { file, dependencies: {} })).toEqual([
      'packages/losses/src/snippet.test.ts:1 Expected `@embedbag/samplers` to be listed in packages/losses/package.json, received nothing. Add it to `devDependencies`.',
    ]);
  });

  test('fixtures may import what tests may, and only tests import fixtures', () => {
    const text = "import { batches } from '@embedbag/samplers';";
    expect(problemsOf(text, { file: 'packages/losses/src/fixtures/batches.ts' })).toEqual([]);
    expect(problemsOf(text, { file: 'packages/losses/src/batch-fixtures.ts' })).toEqual([]);
    expect(problemsOf("import { batches } from './batch-fixtures.js';")).toEqual([
      expect.stringContaining('Expected only tests to import `./batch-fixtures.js`'),
    ]);
    expect(problemsOf("import { batches } from './fixtures/batches.js';")).toHaveLength(1);
  });

  test('only a test imports the conformance suites', () => {
    expect(problemsOf("import '@embedbag/testing';", { folder: 'packages/cli' })).toEqual([
      expect.stringContaining('Expected `@embedbag/testing` to be imported by tests only'),
    ]);
  });

  test('a heavy library has one home', () => {
    const text = "import { tableToIPC } from 'apache-arrow';";
    expect(problemsOf(text, { folder: 'packages/datasets' })).toEqual([]);
    expect(problemsOf(text, { folder: 'packages/cli' })).toEqual([
      expect.stringContaining('Expected `apache-arrow` to be imported in `packages/datasets` alone'),
    ]);
  });

  test('a package that nobody gave a layer is a problem', () => {
    expect(problemsOf("import '@embedbag/core';", { folder: 'packages/newcomer' })).toEqual([
      expect.stringContaining('Expected `packages/newcomer` to have a layer, received none.'),
    ]);
  });

  test('a relative import does not leave its package', () => {
    expect(problemsOf("import { x } from '../../core/src/random.js';")).toEqual([
      expect.stringContaining('Expected a relative import to stay in `packages/losses`'),
    ]);
    expect(problemsOf("import { x } from './other.js';")).toEqual([]);
  });

  test('a browser package loads a Node module only inside a function', () => {
    const inside =
      "export async function read() { const { readFile } = await import('node:fs/promises'); return readFile; }";
    expect(problemsOf(inside)).toEqual([]);
    expect(problemsOf("import { readFile } from 'node:fs/promises';")).toEqual([
      expect.stringContaining('Expected `packages/losses` to run in a browser'),
    ]);
    expect(problemsOf("import { readFile } from 'node:fs/promises';", { folder: 'packages/datasets' })).toEqual([]);
  });
});

describe('top-level await', () => {
  test.each([
    ['an await', 'export const text = await Promise.resolve(1);'],
    ['a for await', 'for await (const line of lines()) use(line);'],
    ['an await in a block', 'if (true) { await Promise.resolve(1); }'],
  ])('%s at the top of a package file is a problem', (_kind, text) => {
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^packages\/losses\/src\/snippet\.ts:1 Expected no top-level await in a package/),
    ]);
  });

  test('an await inside a function, in a test or in an app is no problem', () => {
    const atTop = 'const one = await Promise.resolve(1);';
    expect(problemsOf(`export async function f() { ${atTop} return one; }`)).toEqual([]);
    expect(problemsOf(atTop, { file: 'packages/losses/src/snippet.test.ts' })).toEqual([]);
    expect(problemsOf(atTop, { folder: 'apps/retrieval-en' })).toEqual([]);
  });
});

describe('names', () => {
  test.each([
    'packages/core/src/utils.ts',
    'packages/common/package.json',
    'tooling/test-helpers.mjs',
    'docs/misc/a.md',
  ])('%s says nothing and is a problem', (file) => {
    expect(checkName(file)).toMatch(/^Expected a name that says what is inside, received/);
  });

  test('a name that merely holds such a word for what it does is fine', () => {
    expect(checkName('packages/kernels/src/shared-memory.ts')).toBeUndefined();
    expect(checkName('packages/core/src/random.test.ts')).toBeUndefined();
  });
});

test('a file of more than 400 lines is a problem, unless it is generated', () => {
  const text = 'export {};\n'.repeat(401);
  expect(checkLength('packages/core/src/random.ts', text)).toBe(
    'Expected at most 400 lines in a file, received 401. Move one of its subjects into a file of its own.',
  );
  expect(checkLength('packages/core/src/random.ts', text.slice(11))).toBeUndefined();
  expect(checkLength('packages/core/src/tables.ts', `// Generated by scripts/tables.mjs.\n${text}`)).toBeUndefined();
  expect(checkLength('docs/data.md', text)).toBeUndefined();
});

test('the repository itself keeps these rules', () => {
  const { sources, problems } = lintRepository();
  expect(problems).toEqual([]);
  expect(sources).toBeGreaterThan(20);
});
