import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalHub, startLocalHub } from '@embedbag/tooling/local-hub';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type CapturedRun, capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
let server: LocalHub;
let runs = 0;

beforeAll(async () => {
  files = await tinyFiles();
  server = await startLocalHub({ writers: { hf_write: ['me'] } });
});
afterAll(async () => {
  await server.close();
  await files.dispose();
});
beforeEach(() => {
  server.misbehave(undefined);
  vi.stubEnv('HF_ENDPOINT', server.endpoint);
  vi.stubEnv('HF_HOME', join(files.folder, 'hf-home'));
  vi.stubEnv('HF_TOKEN', 'hf_write');
  for (const name of ['HF_HUB_CACHE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

const output = (): string => join(files.folder, `output-${runs}`);

function train(...more: string[]): Promise<CapturedRun> {
  runs += 1;
  return capturedRun([
    ...['train', '--train', files.pairs, '--model', files.model, '--batch-size', '4', '--backend', 'typescript'],
    ...['--matryoshka-dims', '16', '--output', output(), ...more],
  ]);
}

test('a trained model goes to the hub, private, and is the same when it comes back', async () => {
  const run = await train('--push-to-hub', 'me/first', '--private', '--run-name', 'The first', '--json');
  expect(run.stderr).toMatch(/Uploading \d files to me\/first, \d+ kB\n/);
  expect(run.exitCode).toBe(0);
  const { hub } = JSON.parse(run.stdout.toString()) as { hub: { url: string; commit: string } };
  expect(hub).toEqual({ url: `${server.endpoint}/me/first`, commit: expect.stringMatching(/^[0-9a-f]{40}$/) });
  const input = await files.file('texts.txt', 'the cat\nthe dog\n');
  const encode = (model: string) => capturedRun(['encode', '--model', model, '--input', input, '--output', '-']);
  const fromHub = await encode('me/first');
  expect(fromHub.exitCode).toBe(0);
  expect(fromHub.stdout.equals((await encode(join(output(), 'final'))).stdout)).toBe(true);
  const card = await readFile(join(output(), 'final', 'README.md'), 'utf8');
  expect(card).toContain('# The first\n');
  expect(card).toContain('SentenceTransformer("me/first", device="cpu")');
  vi.stubEnv('HF_TOKEN', undefined);
  vi.stubEnv('HF_HOME', join(files.folder, 'other-home'));
  expect((await encode('me/first')).stderr).toContain('received status 401');
});

test('a model for everyone is told with its address', async () => {
  const run = await train('--push-to-hub', 'me/open');
  expect(run.stdout.toString()).toBe(
    `The model is in ${join(output(), 'final')}\nIt is on the hub at ${server.endpoint}/me/open\n`,
  );
});

test.each([
  ['no token', undefined, 'me/second', 'Expected a token to upload the model `me/second` to '],
  [
    'another owner',
    'hf_write',
    'you/second',
    'Expected the token in `HF_TOKEN` to let you write the model `you/second` at ',
  ],
  ['no owner', 'hf_write', 'second', 'Expected a model or dataset named `owner/name`, received the model `second`.'],
])('%s is told before the training', async (_, token, name, sentence) => {
  vi.stubEnv('HF_TOKEN', token);
  const run = await train('--push-to-hub', name);
  expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^error: /) });
  expect(run.stderr).toContain(sentence);
  await expect(readdir(output())).rejects.toThrow('ENOENT');
});

test('the model is kept where the upload fails', async () => {
  server.misbehave((request) => (request.kind === 'commit' ? { status: 409 } : undefined));
  const run = await train('--push-to-hub', 'me/kept');
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toContain(
    `error: Expected the model \`me/kept\` at ${server.endpoint} to stay as it is during the upload, received status 409.`,
  );
  expect(await readdir(join(output(), 'final'))).toContain('model.safetensors');
});

test('loggers are chosen by name', async () => {
  const run = await train('--report-to', 'tensorboard,jsonl', '--run-name', 'mine');
  expect(run.exitCode).toBe(0);
  expect(await readdir(join(output(), 'runs', 'mine'))).toEqual([expect.stringMatching(/^events\.out\.tfevents\./)]);
  expect(await readdir(output())).toContain('events.jsonl');
  const wrong = await train('--report-to', 'mlflow');
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain(
    'Pass it, or name one of `jsonl`, `tensorboard`, `wandb`, which need not be passed.\n',
  );
  expect((await train('--private')).stderr).toBe(
    'error: Expected `--push-to-hub` beside `--private`, received none. Add `--push-to-hub owner/name`, or leave `--private` out.\n',
  );
});
