import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { runProgram } from '@embedbag/cli';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { trainWordPiece } from '@embedbag/tokenization';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RECIPE } from './recipe.js';
import { similarityMultilingual } from './similarity-multilingual.js';

const WORDS = [
  ['cat', 'katze', 'chat'],
  ['dog', 'hund', 'chien'],
  ['bird', 'vogel', 'oiseau'],
  ['fish', 'fisch', 'poisson'],
  ['horse', 'pferd', 'cheval'],
  ['cow', 'kuh', 'vache'],
] as const;
const PAIRS = WORDS.flatMap((first) => WORDS.map((second) => [first, second] as const));
const sentences = (language: 0 | 1 | 2): string[] =>
  PAIRS.map(([first, second], row) => `${row} ${first[language]} ${second[language]}`);

let folder: string;
let argv: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-multilingual-'));
  const [english, german, french] = [sentences(0), sentences(1), sentences(2)];
  const write = async (path: string, rows: readonly object[]): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  };
  const parallel = (others: readonly string[]): object[] =>
    others.map((text, row) => ({ english: english[row], non_english: text }));
  await write('train/animals/en-deu.jsonl', parallel(german));
  await write('train/more/en-fra.jsonl', parallel(french));
  await write('train/more/en-nld.jsonl', parallel(['een', 'twee']));
  await write('eval/tatoeba/deu.jsonl', parallel(german).slice(0, 10));
  await write(
    'eval/stsb/en-test.jsonl',
    english.slice(0, 8).map((text, row) => ({ sentence1: text, sentence2: english[row + (row % 3)], score: row % 3 })),
  );
  await writeFile(
    join(folder, 'tokenizer.json'),
    trainWordPiece([...english, ...german, ...french], { vocabularySize: 150 }),
  );
  argv = ['--train', join(folder, 'train'), '--tokenizer', join(folder, 'tokenizer.json'), '--min-rows', '10'];
  argv.push('--columns', 'anchor=english,positive=non_english', '--backend', 'typescript');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(options: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): PassThrough =>
    new PassThrough().on('data', (chunk: Buffer) => {
      said[name] += chunk.toString('utf8');
    });
  const streams = { stdin: Readable.from([]), stdout: stream('stdout'), stderr: stream('stderr') };
  const exitCode = await runProgram((context) => similarityMultilingual(options, context), streams);
  await new Promise((resolve) => setImmediate(resolve));
  return { exitCode, ...said };
}

test('folders are searched, small files left out, both kinds measured, and the model lies in final', async () => {
  const output = join(folder, 'output');
  const { exitCode, stdout, stderr } = await run([
    ...argv,
    ...['--eval', join(folder, 'eval'), '--output', output, '--batch-size', '12', '--seed', '7', '--json'],
  ]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  expect(stderr).toContain('train     animals/en-deu: 36 pairs');
  expect(stderr).toContain('left out  of fewer than 10 rows: more/en-nld (2)');
  expect(stderr).toContain('evaluate  tatoeba (translation): 1 set, 10 pairs');
  const report = JSON.parse(stdout) as {
    means: Record<string, { languages: string[]; after: Record<string, number> }>;
    before: Record<string, unknown>;
    peakMemoryBytes: number;
  };
  expect(report).toMatchObject({ steps: 6, pairs: 72, seed: 7 });
  expect(Object.keys(report.before)).toEqual(['stsb/en-test', 'tatoeba/deu']);
  expect(report.means.translation?.languages).toEqual(['deu']);
  expect(Object.keys(report.means.similarity?.after ?? {})).toHaveLength(RECIPE.matryoshkaDims.length);
  expect(report.means.translation?.after[RECIPE.dimension]).toBeGreaterThan(0.5);
  expect(report.peakMemoryBytes).toBeGreaterThan(1e7);
  const card = await readFile(join(output, 'final', 'README.md'), 'utf8');
  expect(card).toContain('# static-similarity-mrl-multilingual\n');
  for (const figure of ['type: semantic-similarity', 'type: translation', 'spearman_cosine', '`tatoeba/deu`:']) {
    expect(card).toContain(figure);
  }
  const model = await StaticEmbedding.load(join(output, 'final'));
  expect(model.dimension).toBe(RECIPE.dimension);
  model.dispose();
});

test('without --json a table a kind is printed, with a line about time, memory and place', async () => {
  const output = join(folder, 'tables');
  const { exitCode, stdout } = await run([...argv, '--eval', join(folder, 'eval'), '--output', output]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Similarity as people scored it');
  expect(stdout).toMatch(/^deu +10 /m);
  expect(stdout).toMatch(/Trained in \d+\.\d s, with at most \d+\.\d GB of memory; the model is in .*final\n/);
});

test('--plan counts the rows that were read, measures steps, and leaves nothing behind', async () => {
  const output = join(folder, 'planned');
  const options = [...argv, '--output', output, '--batch-size', '12', '--plan'];
  const { exitCode, stdout } = await run(options);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^animals\/en-deu +36 +2 +3$/m);
  expect(stdout).toMatch(/^2 datasets +72 +6$/m);
  expect(stdout).toContain('Rows are those of the files; nothing was trained that is kept.');
  expect(stdout).toMatch(
    /^time {4}about \d+ s: 3 steps on batches of these data, measured just now, took \d+\.\d\d s each/m,
  );
  expect(JSON.parse((await run([...options, '--json'])).stdout)).toMatchObject({ counts: 'read', steps: 6, rows: 72 });
  expect(existsSync(output)).toBe(false);
});

test.each([
  [['--eval', 'x'], '`--train` with `--eval`'],
  [['--min-rows', '5'], '`--train` with `--min-rows`'],
  [['--train', 'x'], '`--tokenizer` with `--train`'],
  [['--train', 'x', '--tokenizer', 'x', '--search'], '`--search` without `--train`'],
  [['--min-rows', '0'], 'Give a whole number of at least 1.'],
])('options that would have no effect are refused: %s', async (options, expected) => {
  const output = join(folder, 'unused');
  const { exitCode, stderr } = await run([...options, '--output', output, '--backend', 'typescript']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(expected) });
  expect(existsSync(output)).toBe(false);
});

test('Ctrl-C leaves the model so far, says where, and exits with 130', async () => {
  const output = join(folder, 'interrupted');
  const stderr = new PassThrough();
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    if (!said.includes('loss') && chunk.includes('loss')) process.emit('SIGINT');
    said += chunk.toString('utf8');
  });
  const streams = { stdin: Readable.from([]), stdout: new PassThrough().resume(), stderr };
  const options = [...argv, '--output', output, '--batch-size', '2'];
  expect(await runProgram((context) => similarityMultilingual(options, context), streams)).toBe(130);
  expect(said).toMatch(/Stopped after step \d+ of 36; the model so far is in .*final/);
  expect(existsSync(join(output, 'final', 'model.safetensors'))).toBe(true);
});
