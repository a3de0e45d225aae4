import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { embeddingsToNpy } from '@embedbag/datasets';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { loadTokenizer } from '@embedbag/tokenization';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
let server: Server;
let url: string;
let requests = 0;
/** Answers from this request on are refused; Infinity for none. */
let refuseFrom = Number.POSITIVE_INFINITY;

beforeAll(async () => {
  files = await tinyFiles();
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { input } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { input: string[] };
    requests += 1;
    if (requests >= refuseFrom) {
      response.writeHead(400).end('no more');
      return;
    }
    // Eight numbers of each text, by its code units.
    const data = input.map((text, index) => {
      const embedding = Array.from({ length: 8 }, (_, k) => Math.sin(text.length + (k + 1) * text.charCodeAt(0)));
      return { index, embedding };
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(async () => {
  await files.dispose();
  await new Promise((resolve) => server.close(resolve));
});

function arguments_(teacher: string, output: string, ...more: string[]): string[] {
  const base = [
    'distill',
    '--teacher',
    teacher,
    '--tokenizer',
    files.tokenizer,
    '--output',
    join(files.folder, output),
  ];
  return [...base, '--backend', 'typescript', ...more];
}

async function vectorsFile(name: string, rows: number, columns: number): Promise<string> {
  const data = Float32Array.from({ length: rows * columns }, (_, index) => Math.sin(index * index));
  const path = join(files.folder, name);
  await writeFile(path, embeddingsToNpy({ data, rows, columns }));
  return path;
}

async function tokenCount(): Promise<number> {
  return (await loadTokenizer(files.tokenizer)).vocabularySize;
}

describe('embedbag distill', () => {
  it('makes a model of a file of vectors, with words of the training texts', async () => {
    const vectors = await vectorsFile('vectors.npy', await tokenCount(), 12);
    const train = await files.file('words.jsonl', '{"anchor": "kangaroo hops", "positive": "the kangaroo"}\n');
    const argv = arguments_(vectors, 'of-vectors', '--dims', '24', '--train', train, '--words', '3', '--json');
    const { exitCode, stdout, stderr } = await capturedRun(argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/^Teacher: 0 of \d+ tokens\n/) });
    expect(JSON.parse(stdout.toString())).toMatchObject({
      teacher: 'vectors.npy',
      teacherDimension: 12,
      pca: 12,
      addedWords: 1,
      droppedTokens: 3,
      model: join(files.folder, 'of-vectors'),
    });
    const model = await StaticEmbedding.load(join(files.folder, 'of-vectors'), { kernels: createTypeScriptKernels() });
    expect(model.dimension).toBe(24);
    expect(model.tokenize(['kangaroo']).offsets[1]).toBe(1);
    model.dispose();
  });

  it('goes on where an endpoint failed, and asks nothing twice', async () => {
    const cache = join(files.folder, 'cache');
    const argv = arguments_(url, 'of-endpoint', '--teacher-model', 'm', '--cache', cache, '--batch-size', '20');
    requests = 0;
    refuseFrom = 3;
    const failed = await capturedRun(argv);
    expect(failed.exitCode).toBe(2);
    expect(failed.stderr).toContain(
      `error: Expected embeddings from ${url}/embeddings, received status 400: no more after one try.`,
    );
    refuseFrom = Number.POSITIVE_INFINITY;
    requests = 0;
    const second = await capturedRun(argv);
    expect({ exitCode: second.exitCode, stderr: second.stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^Teacher: 40 of \d+ tokens\n/),
    });
    expect(requests).toBe(Math.ceil(((await tokenCount()) - 3 - 40) / 20));
    requests = 0;
    const third = await capturedRun([...argv, '--pca', '4']);
    expect([third.exitCode, requests]).toEqual([0, 0]);
  });

  it.each([
    [
      ['--pca', '9'],
      'error: Expected `pca` to be at most 8, the dimensions of the teacher, received 9. Lower it, or leave it out to keep all that there are.\n',
    ],
    [['--drop', '['], 'error: Expected `--drop` to be a regular expression, received `[`.'],
    [['--words', '5'], 'error: Expected `--train` with `--words`, received none.'],
    [['--pooling', 'cls'], 'error: Expected `--pooling` with another kind of teacher, received it with'],
    [
      ['--api-key-env', 'NO_SUCH_KEY'],
      'error: Expected a key in the environment variable `NO_SUCH_KEY`, received none.',
    ],
  ])('says what is wrong with %j', async (options, message) => {
    refuseFrom = Number.POSITIVE_INFINITY;
    const argv = arguments_(url, 'wrong', '--teacher-model', 'm', '--no-cache', ...options);
    const { exitCode, stderr } = await capturedRun(argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  it('says what is wrong with a teacher', async () => {
    const count = await tokenCount();
    const vectors = await vectorsFile('short.npy', count - 1, 4);
    const said = async (teacher: string): Promise<string> => {
      const { exitCode, stderr } = await capturedRun(arguments_(teacher, 'wrong'));
      expect(exitCode).toBe(2);
      return stderr;
    };
    expect(await said(vectors)).toBe(
      `error: Expected a vector for each of the tokenizer's ${count} tokens, received ${count - 1}. Give the vectors in the order of the ids, or the tokenizer that they were made with.\n`,
    );
    expect(await said(url)).toContain(`Expected \`--teacher-model\` with the endpoint ${url}, received none.`);
    expect(await said(files.model)).toContain(
      `error: Expected \`config.json\`, \`onnx/model.onnx\` in the teacher's folder \`${files.model}\`, received `,
    );
    expect(await said(files.tokenizer)).toBe(
      `error: Expected \`${files.tokenizer}\` to be a folder with a model in ONNX or the id of a model of the hub, received a file. Check the path.\n`,
    );
  });
});
