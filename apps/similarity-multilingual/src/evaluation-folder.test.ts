import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHub } from '@embedbag/hub';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEvaluationFolder } from './evaluation-folder.js';

const SHARED = fileURLToPath(new URL('../../../../shared/data/multilingual/eval', import.meta.url));
const place = { hub: createHub({ environment: { HF_HUB_OFFLINE: '1' } }), signal: new AbortController().signal };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-evaluation-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, rows: readonly object[]): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

const scored = [
  { sentence1: 'a', sentence2: 'b', score: 1 },
  { sentence1: 'c', sentence2: 'd', score: 4 },
];
const translated = [{ english: 'a', non_english: 'b' }];

test('the columns of a file tell its kind, and of a development and a test file the second is taken', async () => {
  await write('stsb/de-dev.jsonl', scored);
  await write('stsb/de-test.jsonl', scored);
  await write('stsb/nl-dev.jsonl', scored);
  await write('tatoeba/deu.jsonl', translated);
  const sets = await readEvaluationFolder(folder, place);
  expect(sets.map(({ kind, name, size }) => [kind, name, size])).toEqual([
    ['similarity', 'stsb/de-test', 2],
    ['similarity', 'stsb/nl-dev', 2],
    ['translation', 'tatoeba/deu', 1],
  ]);
});

test('files of another kind are refused', async () => {
  await write('triplets.jsonl', [{ anchor: 'a', positive: 'b', negative: 'c' }]);
  await expect(readEvaluationFolder(folder, place)).rejects.toThrow(
    `Expected files with the columns sentence1, sentence2, score or english, non_english in ${folder}, received triplets. Measure those with \`embedbag evaluate --data ${folder}\`.`,
  );
});

test.skipIf(!existsSync(SHARED))('the real evaluation data are 11 test sets and 112 languages', async () => {
  const sets = await readEvaluationFolder(SHARED, place);
  expect(sets.filter(({ kind }) => kind === 'similarity')).toHaveLength(11);
  expect(sets.filter(({ kind }) => kind === 'translation')).toHaveLength(112);
  expect(sets.reduce((sum, { kind, size }) => sum + (kind === 'translation' ? size : 0), 0)).toBe(88_877);
});
