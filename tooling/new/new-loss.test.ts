import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../workspace.mjs';
import { lossNames, newLoss } from './new-loss.mjs';

const LISTS = [
  'packages/losses/src/index.ts',
  'packages/losses/README.md',
  'packages/cli/src/built-in-losses.ts',
  'examples/losses/README.md',
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-new-'));
  for (const file of LISTS) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), readFileSync(path.join(root, file)));
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

test('a name becomes a file, a function and a type, with or without `-loss` at its end', () => {
  const names = { kebab: 'in-batch-2-triplet', factory: 'inBatch2TripletLoss', Name: 'InBatch2TripletLoss' };
  expect(lossNames('in-batch-2-triplet')).toEqual(names);
  expect(lossNames('in-batch-2-triplet-loss')).toEqual(names);
});

test.each([undefined, '', 'loss', 'Circle', 'circle_loss', '-circle', 'circle-', 'a--b', '2-a', 'a/b', '../a', 'a.ts'])(
  'the name %s is refused',
  (name) => {
    expect(() => newLoss(folder, name)).toThrow(
      `Expected a name in lower-case words joined by hyphens, such as \`in-batch-triplet\`, received ${name === undefined ? 'none' : `\`${name}\``}. Run \`pnpm new loss in-batch-triplet\`.`,
    );
    expect(readdirSync(folder, { recursive: true }).filter((file) => `${file}`.endsWith('-loss.ts'))).toEqual([]);
  },
);

test('a name that says nothing is refused', () => {
  expect(() => newLoss(folder, 'my-utils')).toThrow('Expected a name that says what is inside');
});

test('every list names the new loss once, and the files name it where the template had a place for it', () => {
  const files = newLoss(folder, 'circle');
  expect([...new Set(files)]).toEqual([
    'packages/losses/src/circle-loss.ts',
    'packages/losses/src/circle-loss.test.ts',
    'examples/losses/circle.ts',
    '.changeset/losses-circle.md',
    ...LISTS,
  ]);
  for (const file of files) {
    expect(read(file)).toContain('circle');
    expect(read(file)).not.toMatch(/__\w+__/);
  }
  for (const file of LISTS) {
    const before = readFileSync(path.join(root, file), 'utf8').split('\n');
    const added = read(file)
      .split('\n')
      .filter((line) => !before.includes(line));
    expect(added.length).toBeGreaterThan(0);
    expect(added.every((line) => /circle/i.test(line))).toBe(true);
  }
});

test('a loss that is there is refused, and nothing is written', () => {
  newLoss(folder, 'circle');
  const before = LISTS.map(read);
  expect(() => newLoss(folder, 'circle-loss')).toThrow(
    'Expected a name that no loss has, received `circle`: packages/losses/src/circle-loss.ts is there already. Choose another name or edit that file.',
  );
  expect(LISTS.map(read)).toEqual(before);
});

test('a list that has changed its shape is told, and nothing is written', () => {
  writeFileSync(path.join(folder, 'packages/losses/README.md'), '# nothing here\n');
  expect(() => newLoss(folder, 'circle')).toThrow('Expected packages/losses/README.md to have a line like');
  expect(readdirSync(path.join(folder, 'packages/losses/src'))).toEqual(['index.ts']);
});
