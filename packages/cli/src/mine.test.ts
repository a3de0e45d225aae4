import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { createRandom } from '@embedbag/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CapturedRun, capturedRun } from './captured-run.js';
import { embedbag } from './embedbag.js';
import { runProgram } from './run-program.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
/** 600 pairs of words of the model's vocabulary. */
let many: string;
beforeAll(async () => {
  files = await tinyFiles();
  const words = 'the cat sat on mat a dog ran over green hill read file from disk write bytes to socket sum of'.split(
    ' ',
  );
  const random = createRandom(1, 'pairs');
  const text = (count: number): string =>
    Array.from({ length: count }, () => words[random.below(words.length)]).join(' ');
  const rows = Array.from({ length: 600 }, () => {
    const anchor = text(5);
    return { anchor, positive: `${anchor} ${text(3)}` };
  });
  many = await files.file('many.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
});
afterAll(() => files.dispose());

const mine = (output: string, ...more: string[]): string[] => [
  ...['mine', '--model', files.model, '--output', output],
  ...(more.includes('--train') ? [] : ['--train', files.pairs]),
  ...more,
];

async function run(argv: readonly string[]): Promise<CapturedRun> {
  const result = await capturedRun(argv);
  expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({ exitCode: 0, stderr: result.stderr });
  return result;
}

const rowsOf = async (path: string): Promise<Record<string, unknown>[]> =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('mine', () => {
  test('writes triplets, tells what it does, and says where they are', async () => {
    const output = join(files.folder, 'mined.jsonl');
    const { stdout, stderr } = await run(mine(output));
    const rows = await rowsOf(output);
    expect(rows).toHaveLength(24);
    expect(rows.every(({ positive, negative }) => positive !== negative)).toBe(true);
    expect(Object.keys(rows[0] ?? {})).toEqual(['anchor', 'positive', 'negative']);
    expect(stdout.toString()).toContain('24 rows for 8 anchors, of 8 texts');
    expect(stdout.toString()).toMatch(/\nnegative +24 +-?0\.\d{4}/);
    expect(stdout.toString()).toContain(`The rows are in ${output}\n`);
    expect(stderr).toContain('Embedded 16 of 16 texts\n');
    expect(stderr).toContain('Mined 8 of 8 anchors: 24 rows\n');
  });

  test('train reads what was mined', async () => {
    const mined = join(files.folder, 'for-training.jsonl');
    await run(mine(mined, '--format', 'n-tuple', '--num-negatives', '2'));
    const output = join(files.folder, 'trained');
    const options = [
      '--tokenizer',
      files.tokenizer,
      '--dimension',
      '16',
      '--batch-size',
      '4',
      '--backend',
      'typescript',
    ];
    const { stdout } = await run(['train', '--train', mined, '--output', output, ...options]);
    expect(stdout.toString()).toContain(join(output, 'final'));
  });

  test('the rules, the formats and a corpus reach the miner, and --json has the statistics', async () => {
    const corpus = await files.file('corpus.txt', 'boil the cat\nthe tea house\n');
    const output = join(files.folder, 'ruled.jsonl');
    const rules = ['--relative-margin', '0.05', '--max-score', '0.9', '--min-score', '-0.5', '--range-max', '9'];
    const format = ['--format', 'labeled-list', '--scores', '--num-negatives', '4', '--corpus', corpus, '--json'];
    const { stdout } = await run(mine(output, ...rules, ...format));
    const summary = JSON.parse(stdout.toString()) as Record<string, unknown>;
    expect(summary).toMatchObject({ output, anchors: 8, pairs: 8, corpusTexts: 10 });
    const rows = await rowsOf(output);
    expect(summary.rows).toBe(rows.length);
    for (const { positive, scores } of rows as { positive: string[]; scores: number[] }[]) {
      expect(positive).toHaveLength(scores.length);
      expect(Math.max(...scores.slice(1))).toBeLessThanOrEqual(Math.min(0.9, scores[0]! * 0.95));
    }
    expect((await readFile(output, 'utf8')).includes('boil the cat')).toBe(true);
  });

  test('pairs may stay in their file', async () => {
    const [whole, streamed] = [join(files.folder, 'whole.jsonl'), join(files.folder, 'streamed.jsonl')];
    await run(mine(whole, '--train', many));
    await run(mine(streamed, '--train', many, '--streaming', join(files.folder, 'index')));
    expect(await readFile(streamed, 'utf8')).toBe(await readFile(whole, 'utf8'));
  });

  test('rows go to standard output, and what is said of them elsewhere', async () => {
    const { stdout, stderr } = await run(mine('-', '--num-negatives', '1'));
    expect(stdout.toString().trimEnd().split('\n')).toHaveLength(8);
    expect(stderr).toContain('8 rows for 8 anchors');
  });

  test('any number of threads, and any backend, writes the same bytes', async () => {
    const bytes = async (...more: string[]): Promise<string> => {
      const output = join(files.folder, 'same.jsonl');
      const fixed = ['--scores', '--sampling', 'random', '--seed', '7', '--relative-margin', '0.02'];
      await run(mine(output, '--train', many, ...fixed, ...more));
      return readFile(output, 'utf8');
    };
    const expected = await bytes('--threads', '1');
    expect(expected.length).toBeGreaterThan(50_000);
    expect(await bytes('--threads', '2')).toBe(expected);
    expect(await bytes('--threads', '3')).toBe(expected);
    expect(await bytes('--backend', 'wasm-simd', '--threads', '1')).toBe(expected);
  });

  test('Ctrl-C leaves no file behind and exits with 130', async () => {
    const output = join(files.folder, 'interrupted.jsonl');
    const stderr = new PassThrough();
    stderr.once('data', () => process.emit('SIGINT'));
    const streams = { stdin: Readable.from([]), stdout: new PassThrough().resume(), stderr };
    expect(await runProgram((context) => embedbag(mine(output, '--train', many), context), streams)).toBe(130);
    expect([output, `${output}.partial`].filter((path) => existsSync(path))).toEqual([]);
  });
});

describe('what is wrong is told in a sentence, and nothing is written', () => {
  async function refusal(...more: string[]): Promise<string> {
    const output = join(files.folder, 'never.jsonl');
    const { exitCode, stdout, stderr } = await capturedRun(mine(output, ...more));
    expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([output, `${output}.partial`].filter((path) => existsSync(path))).toEqual([]);
    return stderr;
  }

  test('rules that nothing keeps', async () => {
    expect(await refusal('--max-score', '-1')).toContain(
      'error: Expected to find negatives for at least one of 8 questions, received none that keep the rules. Raise `--range-max`, loosen a margin or a score, give a `--corpus`, or ask for fewer `--num-negatives`.\n',
    );
  });

  test('a range that is too short', async () => {
    expect(await refusal('--range-min', '4', '--range-max', '5')).toContain(
      'error: Expected `rangeMax` to be at least 7, for 3 negatives after a `rangeMin` of 4, received 5.',
    );
  });

  test('an unknown format, with those there are', async () => {
    expect(await refusal('--format', 'pairs')).toContain(
      'Allowed choices are triplet, n-tuple, n-tuple-scores, labeled-pair, labeled-list.',
    );
  });

  test('a corpus that is not there', async () => {
    expect(await refusal('--corpus', join(files.folder, 'nowhere.txt'))).toContain('nowhere.txt');
  });

  test('an output that is a folder', async () => {
    const { stderr, exitCode } = await capturedRun(mine(files.folder));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `error: Expected to write ${files.folder}, received the path of a folder. Name a file in it.`,
    );
  });
});
