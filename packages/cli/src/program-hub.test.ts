import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

const MODEL_FILES = ['config_sentence_transformers.json', 'model.safetensors', 'modules.json', 'tokenizer.json'];

let files: TinyFiles;
let server: LocalHub;

beforeAll(async () => {
  files = await tinyFiles();
  server = await startLocalHub();
  const model: Record<string, Uint8Array> = {};
  for (const name of MODEL_FILES) model[name] = await readFile(join(files.model, name));
  server.add({ name: 'owner/tiny', files: model });
  const pairs = await readFile(files.pairs);
  server.add({ type: 'dataset', name: 'owner/pairs', files: { 'pair/train.jsonl': pairs } });
});
afterAll(async () => {
  await server.close();
  await files.dispose();
});
beforeEach(() => {
  server.misbehave(undefined);
  vi.stubEnv('HF_ENDPOINT', server.endpoint);
  vi.stubEnv('HF_HOME', join(files.folder, 'hf-home'));
  for (const name of ['HF_TOKEN', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
    vi.stubEnv(name, undefined);
  }
});
afterEach(() => vi.unstubAllEnvs());

describe('a model of the hub', () => {
  test('encodes as the same model in a folder does, and its download is told on stderr', async () => {
    const input = await files.file('texts.txt', 'the cat\nthe dog\n');
    const encode = (model: string) => capturedRun(['encode', '--model', model, '--input', input, '--output', '-']);
    const fromHub = await encode('owner/tiny');
    expect(fromHub.stderr).toContain('Downloading model.safetensors of owner/tiny, ');
    expect(fromHub.exitCode).toBe(0);
    const fromFolder = await encode(files.model);
    expect(fromHub.stdout.equals(fromFolder.stdout)).toBe(true);
    expect((await encode('owner/tiny')).stderr).toBe('');
  });

  test('is described', async () => {
    const run = await capturedRun(['info', '--json', '--model', 'owner/tiny']);
    expect(JSON.parse(run.stdout.toString())).toMatchObject({ model: 'owner/tiny', dimension: 16 });
  });

  test('gives its tokenizer', async () => {
    const run = await capturedRun(['tokenize', '--tokenizer', 'owner/tiny'], '"the cat"\n');
    const local = await capturedRun(['tokenize', '--tokenizer', files.tokenizer], '"the cat"\n');
    expect(run.stdout.toString()).toBe(local.stdout.toString());
    expect(run.stdout.toString()).toMatch(/^\[\d+/);
  });

  test('is trained on', async () => {
    const output = join(files.folder, 'trained');
    const run = await capturedRun([
      ...['train', '--train', files.pairs, '--model', 'owner/tiny', '--output', output],
      ...['--matryoshka-dims', '16', '--batch-size', '4', '--json'],
    ]);
    expect(run.stderr).not.toContain('error');
    expect(JSON.parse(run.stdout.toString())).toMatchObject({ outcome: 'completed' });
  });

  test('is trained on a dataset of the hub', async () => {
    const output = join(files.folder, 'trained-on-hub');
    const source = 'hf://datasets/owner/pairs/pair/train[:6]';
    const run = await capturedRun([
      ...['train', '--train', source, '--tokenizer', 'owner/tiny', '--output', output, '--dimension', '16'],
      ...['--matryoshka-dims', '16', '--batch-size', '3', '--json'],
    ]);
    expect(run.stderr).toContain('Downloading pair/train.jsonl of owner/pairs, 1 kB');
    expect(JSON.parse(run.stdout.toString())).toMatchObject({ outcome: 'completed', steps: 2, pairs: 6 });
  });

  test('is evaluated on NanoBEIR and on pairs of the hub', async () => {
    const texts = ['the cat', 'a dog', 'some tea'].map((text, row) => ({ _id: `${row}`, text }));
    const lines = (rows: readonly object[]): Buffer =>
      Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const tables = {
      // An empty document and a judgement of 0, as some of the datasets have, count for nothing.
      corpus: lines([...texts, { _id: 'empty', text: '' }]),
      queries: lines(texts),
      qrels: lines([
        ...texts.map(({ _id }) => ({ 'query-id': _id, 'corpus-id': _id, score: 1 })),
        { 'query-id': '0', 'corpus-id': '1', score: 0 },
      ]),
    };
    const splits = ['ClimateFEVER', 'DBPedia', 'FEVER', 'FiQA2018', 'HotpotQA', 'MSMARCO', 'NFCorpus', 'NQ'];
    const all = [...splits, 'QuoraRetrieval', 'SCIDOCS', 'ArguAna', 'SciFact', 'Touche2020'];
    const nano = all.flatMap((split) =>
      Object.entries(tables).map(([config, file]) => [`${config}/Nano${split}-00000-of-00001.jsonl`, file] as const),
    );
    server.add({ type: 'dataset', name: 'owner/nano', files: Object.fromEntries(nano) });
    const pairs = texts.map(({ text }, row) => ({ sentence1: text, sentence2: 'the cat', score: row }));
    server.add({ type: 'dataset', name: 'owner/sts', files: { 'pair-score/test.jsonl': lines(pairs) } });
    const run = await capturedRun([
      ...['evaluate', '--json', '--model', 'owner/tiny', '--nanobeir', 'owner/nano'],
      ...['--data', 'hf://datasets/owner/sts/pair-score/test'],
    ]);
    expect(run.stderr).toContain('Downloading corpus/NanoClimateFEVER-00000-of-00001.jsonl of owner/nano');
    const { results } = JSON.parse(run.stdout.toString()) as { results: Record<string, { metrics: object }> };
    expect(results.NanoBEIR!.metrics).toMatchObject({ 'NanoBEIR_mean_cosine_accuracy@1': 1 });
    expect(Object.values(results).flatMap(({ metrics }) => Object.keys(metrics))).toContainEqual(
      expect.stringMatching(/^sts.*_spearman_cosine$/),
    );
  });

  test('has NanoBEIR, of which some datasets may lack, and that is said', async () => {
    const evaluate = ['evaluate', '--model', 'owner/tiny', '--nanobeir'];
    server.add({ type: 'dataset', name: 'owner/other', files: { 'train.jsonl': Buffer.from('{}\n') } });
    const lacking = await capturedRun([...evaluate, 'owner/other', '--nanobeir-datasets', 'nq']);
    expect(lacking.exitCode).toBe(2);
    expect(lacking.stderr.split('\n').at(-2)).toBe(
      'error: Expected a file of corpus/NanoNQ in owner/other, received none. Check the path, or choose datasets with `--nanobeir-datasets`.',
    );
    const none = await capturedRun([...evaluate, 'owner/nothing']);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain(
      `error: Expected the dataset \`owner/nothing\` at ${server.endpoint} to be public, received status 401`,
    );
    const noId = await capturedRun([...evaluate, 'no folder']);
    expect(noId.stderr).toBe(
      'error: Expected `--nanobeir` to be a folder or the id of a dataset, received no folder, where there is nothing. Check the path, or name sentence-transformers/NanoBEIR-en.\n',
    );
  });

  test('that is not there is one sentence and exit code 2', async () => {
    const run = await capturedRun(['info', '--model', 'owner/none']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toBe(
      `error: Expected the model \`owner/none\` at ${server.endpoint} to be public, received status 401: there is none, or it is private. Check the name, or set HF_TOKEN to a token that may read it. There is nothing at the path \`owner/none\` on this machine either.\n`,
    );
  });

  test('is used from the cache where the hub is down, and that is said', async () => {
    await capturedRun(['info', '--model', 'owner/tiny']);
    server.misbehave(() => ({ status: 503 }));
    const run = await capturedRun(['info', '--json', '--model', 'owner/tiny']);
    expect(run.stderr).toMatch(/^The hub does not answer; using owner\/tiny at commit [0-9a-f]{7} from the cache\n$/);
    expect(run.exitCode).toBe(0);
  });

  test('is told of when it takes another try', async () => {
    vi.stubEnv('HF_HOME', join(files.folder, 'another-home'));
    const answers = [{ status: 500, headers: { 'retry-after': '0' } }];
    server.misbehave(() => answers.shift());
    const run = await capturedRun(['info', '--json', '--model', 'owner/tiny']);
    expect(run.stderr).toContain(
      'The hub does not answer as it should (status 500); trying again in 0 s\nDownloading modules.json of owner/tiny, ',
    );
  });
});
