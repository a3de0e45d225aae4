import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { runProgram } from '@embedbag/cli';
import { addArticle, addNanoBeir, STAND_IN_ROWS, standInTexts } from '@embedbag/cli/fixtures/article-hub';
import { NANO_BEIR_SPLITS } from '@embedbag/evaluators';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { trainWordPiece } from '@embedbag/tokenization';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ARTICLE, ARTICLE_EVALUATION } from './recipe.js';
import { retrievalEn } from './retrieval-en.js';

let server: LocalHub;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-article-'));
  server = await startLocalHub();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv('HF_ENDPOINT', server.endpoint);
  vi.stubEnv('HF_HOME', join(folder, 'hf-home'));
  for (const name of ['HF_TOKEN', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
    vi.stubEnv(name, undefined);
  }
});
afterEach(() => vi.unstubAllEnvs());

async function run(argv: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): PassThrough =>
    new PassThrough().on('data', (chunk: Buffer) => {
      said[name] += chunk.toString('utf8');
    });
  const streams = { stdin: Readable.from([]), stdout: stream('stdout'), stderr: stream('stderr') };
  const exitCode = await runProgram((context) => retrievalEn(argv, context), streams);
  await new Promise((resolve) => setImmediate(resolve));
  return { exitCode, ...said };
}

test('--article --plan has 39,287 steps, from the listed counts, without a request', async () => {
  const { exitCode, stdout, stderr } = await run(['--article', '--plan']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  expect(stdout).toMatch(/^gooaq +3,002,496 +2 +1,467$/m);
  expect(stdout).toMatch(/^pubmedqa-triplet-20 +1,560 +22 +1$/m);
  expect(stdout).toMatch(/^13 datasets +80,\d+,\d+ +39,287$/m);
  expect(stdout).toContain(
    'Rows are the counts that the recipe lists, those held out left out; nothing was downloaded.',
  );
  expect(stdout).toContain('steps   39,287 of 2,048 rows, 1 epoch, warm-up of 3,929 steps');
  expect(stdout).toMatch(/^time {4}about [\d.]+ h: 3 steps on made-up texts of 32 tokens, measured just now, took/m);
  expect(stdout).toMatch(/^memory {2}\d\.\d\d GB at most in the kernels: table 0\.13, moments 0\.25, /m);
  expect(server.requests).toEqual([]);
});

test('--article trains on every listed dataset of the hub, without the rows held out, and measures NanoBEIR', async () => {
  addArticle(server, ARTICLE, trainWordPiece(standInTexts(), { vocabularySize: 120 }));
  addNanoBeir(server, ARTICLE_EVALUATION, 6);
  const output = join(folder, 'output');
  const { exitCode, stdout, stderr } = await run(['--article', '--output', output, '--json']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  for (const name of [
    'gooaq',
    'all-nli-triplet',
    's2orc-title-abstract-pair',
    'pubmedqa-triplet-20',
    'mldr-en-triplet-all',
  ]) {
    expect(stderr).toContain(`train     ${name}: ${STAND_IN_ROWS} pairs\n`);
  }
  const report = JSON.parse(stdout) as { before: Record<string, unknown>; after: Record<string, unknown> };
  expect(report).toMatchObject({ steps: ARTICLE.datasets.length, pairs: STAND_IN_ROWS * ARTICLE.datasets.length });
  expect(Object.keys(report.after)).toEqual([...NANO_BEIR_SPLITS]);
  const model = await StaticEmbedding.load(join(output, 'final'));
  expect(model.dimension).toBe(1024);
  model.dispose();
});

test.each([
  [['--article', '--train', 'x', '--tokenizer', 'x'], '`--article` without `--train`'],
  [['--article', '--columns', 'anchor=a,positive=b'], '`--train` with `--columns`'],
  [['--article', '--search'], '`--search` without `--article`'],
  [['--plan', '--search'], '`--search` without `--plan`'],
])('options that would have no effect are refused: %s', async (options, expected) => {
  const { exitCode, stderr } = await run([...options, '--output', join(folder, 'unused')]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(expected) });
});
