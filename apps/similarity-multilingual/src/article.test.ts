import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { planRecipe, runProgram } from '@embedbag/cli';
import { addArticle, STAND_IN_ROWS, standInTexts } from '@embedbag/cli/fixtures/article-hub';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { trainWordPiece } from '@embedbag/tokenization';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ARTICLE, RECIPE, recipeLoss } from './recipe.js';
import { similarityMultilingual } from './similarity-multilingual.js';

let server: LocalHub;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-article-'));
  server = await startLocalHub();
  addArticle(server, ARTICLE, trainWordPiece(standInTexts(), { vocabularySize: 120 }));
  vi.stubEnv('HF_ENDPOINT', server.endpoint);
  vi.stubEnv('HF_HOME', join(folder, 'hf-home'));
  for (const name of ['HF_TOKEN', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
    vi.stubEnv(name, undefined);
  }
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test('the listed counts are 30,560 steps, which the kernels have the memory for', () => {
  const plan = planRecipe({
    datasets: ARTICLE.datasets.map(({ id, rows, heldOut = 0, columns }) => ({
      name: id,
      rowCount: rows - heldOut,
      columns: Object.keys(columns).length,
    })),
    vocabularySize: ARTICLE.vocabularySize,
    dimension: RECIPE.dimension,
    loss: recipeLoss(),
    arguments: RECIPE.arguments,
    kernels: { backend: 'wasm-simd' },
  });
  expect(plan).toMatchObject({ steps: 30_560, warmupSteps: 3_056, batchSize: 2_048, rows: 62_568_110 });
  expect(plan.memory.tableBytes).toBe(105_879 * 1024 * 4);
  expect(plan.memory.totalBytes).toBeLessThan(2.5e9);
});

test('--article trains on every listed dataset of the hub and finds translations among the rows held out', async () => {
  const said = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): PassThrough =>
    new PassThrough().on('data', (chunk: Buffer) => {
      said[name] += chunk.toString('utf8');
    });
  const streams = { stdin: Readable.from([]), stdout: stream('stdout'), stderr: stream('stderr') };
  const output = join(folder, 'output');
  const argv = ['--article', '--output', output, '--json'];
  const exitCode = await runProgram((context) => similarityMultilingual(argv, context), streams);
  await new Promise((resolve) => setImmediate(resolve));
  expect({ exitCode, stderr: said.stderr }).toEqual({ exitCode: 0, stderr: said.stderr });
  expect(said.stderr).toContain('evaluate  held out (translation): 8 sets, 8,000 pairs');
  expect(said.stderr).toContain('3 more datasets: 120 pairs');
  const report = JSON.parse(said.stdout) as { after: Record<string, unknown> };
  expect(report).toMatchObject({ steps: ARTICLE.datasets.length, pairs: STAND_IN_ROWS * ARTICLE.datasets.length });
  expect(Object.keys(report.after)).toEqual([
    'parallel-sentences-wikititles',
    ...['tatoeba', 'talks', 'europarl', 'global-voices'].map((name) => `parallel-sentences-${name}-all`),
    'parallel-sentences-muse',
    ...['wikimatrix', 'opensubtitles'].map((name) => `parallel-sentences-${name}-all`),
  ]);
  const model = await StaticEmbedding.load(join(output, 'final'));
  expect(model.dimension).toBe(1024);
  model.dispose();
});
