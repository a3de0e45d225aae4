import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

const TRANSFORMERS =
  process.env.EMBEDBAG_TRANSFORMERS ?? fileURLToPath(new URL('../../../.cache/transformers', import.meta.url));
const TINY_TEACHER = fileURLToPath(new URL('../../distillation/src/fixtures/tiny-teacher', import.meta.url));

let files: TinyFiles;
let server: Server;
let url: string;
/** 700 rows: batches of 512 and 188 texts for each of two columns. */
let many: string;
let asked: string[] = [];
/** Called with every request. */
let onRequest: () => number | undefined = () => undefined;

beforeAll(async () => {
  files = await tinyFiles();
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { input } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { input: string[] };
    const status = onRequest();
    if (status !== undefined) {
      response.writeHead(status).end('no more');
      return;
    }
    asked.push(...input);
    const data = input.map((text, index) => {
      const embedding = Array.from({ length: 8 }, (_, k) => Math.sin((k + 1) * text.length + text.charCodeAt(5)));
      return { index, embedding };
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const rows = Array.from({ length: 700 }, (_, row) => ({ anchor: `text ${row}`, positive: `answer ${row}` }));
  many = await files.file('many.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
});
afterAll(async () => {
  await files.dispose();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked = [];
  onRequest = () => undefined;
});

const at = (name: string): string => join(files.folder, name);

function guide(teacher: string, output: string, ...more: string[]): string[] {
  return ['guide', '--teacher', teacher, '--output', at(output), '--backend', 'typescript', ...more];
}

function ofEndpoint(output: string, ...more: string[]): string[] {
  return guide(url, output, '--teacher-model', 'm', '--batch-size', '100', '--train', many, ...more);
}

function train(output: string, lossName: string, lossOptions: object, ...more: string[]): string[] {
  const base = [
    'train',
    '--train',
    files.pairs,
    '--model',
    files.model,
    '--batch-size',
    '4',
    '--backend',
    'typescript',
  ];
  const loss = ['--loss', lossName, '--loss-options', JSON.stringify(lossOptions)];
  return [...base, '--output', at(output), ...loss, ...more];
}

async function succeeded(argv: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { exitCode, stdout, stderr } = await capturedRun(argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  return { stdout: stdout.toString('utf8'), stderr };
}

/** The last line on stderr of a run that is refused. */
async function refusal(argv: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await capturedRun(argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr });
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr.slice(stderr.indexOf('error: ')).trimEnd();
}

const tableOf = (output: string): Promise<Buffer> => readFile(join(at(output), 'final', 'model.safetensors'));

describe('embedbag guide', () => {
  it.each([
    ['gist', { margin: 0.05 }, 'guide'],
    ['cached-gist', { miniBatchSize: 2 }, 'guide'],
    ['embedding-distillation', { truncateTeacher: true }, 'teacher'],
  ])('embeds what is trained on, so that %s learns what it learns of the model itself', async (loss, options, role) => {
    const evalData = await files.file('held-out.jsonl', '{"anchor": "the hill", "positive": "a green hill"}\n');
    const folder = `guide-for-${loss}`;
    const data = ['--train', files.pairs, '--eval-data', evalData];
    const { stdout } = await succeeded(guide(files.model, folder, ...data, '--name', 'tiny', '--json'));
    expect(JSON.parse(stdout)).toMatchObject({ guide: 'tiny', dimension: 16, texts: 18, keptTexts: 0, askedTexts: 18 });
    await succeeded(train(`${loss}-asked`, loss, { ...options, [role]: files.model }));
    await succeeded(train(`${loss}-read`, loss, { ...options, [role]: at(folder) }, '--eval-data', evalData));
    expect((await tableOf(`${loss}-read`)).equals(await tableOf(`${loss}-asked`))).toBe(true);
    const card = await readFile(join(at(`${loss}-read`), 'final', 'README.md'), 'utf8');
    expect(card).toContain(`"${role}": "tiny"`);
    expect(card).not.toContain(at(folder));
  });

  it('is asked for by a config too, and a run goes on with what the config has', async () => {
    await succeeded(guide(files.model, 'for-config', '--train', files.pairs));
    const config = {
      train: 'pairs.jsonl',
      model: 'model',
      loss: 'gist',
      lossOptions: { guide: 'for-config' },
      arguments: { outputDir: 'of-config', perDeviceTrainBatchSize: 4 },
    };
    const path = await files.file('guided.json', JSON.stringify(config));
    await succeeded(['train', '--config', path, '--backend', 'typescript']);
    const written = JSON.parse(await readFile(at('of-config/run.json'), 'utf8'));
    expect(written.lossOptions).toEqual({ guide: at('for-config') });
    await succeeded([
      'train',
      '--config',
      at('of-config/run.json'),
      '--output',
      at('of-run'),
      '--backend',
      'typescript',
    ]);
    expect((await tableOf('of-run')).equals(await tableOf('of-config'))).toBe(true);
  });

  it('keeps what is done on Ctrl-C, goes on there, and ends with the same bytes', async () => {
    const whole = await succeeded(ofEndpoint('whole', '--json'));
    expect(JSON.parse(whole.stdout)).toMatchObject({ guide: 'm', dimension: 8, texts: 1400, keptTexts: 0 });
    expect(whole.stderr).toMatch(/^Guide: 512 of 1400 texts, \d+ texts\/s, \d+ s left\n/);
    expect(whole.stderr).toMatch(/\nGuide: 1400 of 1400 texts, \d+ texts\/s\n$/);
    const askedOfWhole = asked;
    asked = [];
    let requests = 0;
    onRequest = () => {
      requests += 1;
      if (requests === 9) process.emit('SIGINT');
      return undefined;
    };
    const stopped = await capturedRun(ofEndpoint('stopped'));
    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toContain('\nStopped after 700 of 1400 texts; the same command goes on from there.\n');
    expect(existsSync(at('stopped'))).toBe(false);
    expect(await refusal(train('early', 'gist', { guide: at('stopped') }))).toContain(
      `error: Expected whole guide embeddings in ${at('stopped')}, received unfinished ones in ${at('stopped')}.partial.`,
    );
    asked = [];
    onRequest = () => undefined;
    const { stdout, stderr } = await succeeded(ofEndpoint('stopped', '--json'));
    expect(stderr).toMatch(/^Guide: goes on behind 700 of 1400 texts, which are there already\n/);
    expect(JSON.parse(stdout)).toMatchObject({ texts: 1400, keptTexts: 700, askedTexts: 700 });
    expect(asked).toEqual(askedOfWhole.slice(700));
    for (const file of ['dataset-0-column-0.arrow', 'dataset-0-column-1.arrow', 'guide.json']) {
      expect(await readFile(join(at('stopped'), file)), file).toEqual(await readFile(join(at('whole'), file)));
    }
    asked = [];
    const again = await succeeded(ofEndpoint('stopped'));
    expect(again).toEqual({ stdout: `1400 embeddings of 8 dims by \`m\` are in ${at('stopped')}\n`, stderr: '' });
    expect(asked).toEqual([]);
  });

  it('keeps what is done when the endpoint fails', async () => {
    let requests = 0;
    onRequest = () => {
      requests += 1;
      return requests > 7 ? 400 : undefined;
    };
    const { exitCode, stderr } = await capturedRun(ofEndpoint('failing'));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'Stopped after 512 of 1400 texts; the same command goes on from there.\nerror: Expected emb',
    );
    onRequest = () => undefined;
    expect(JSON.parse((await succeeded(ofEndpoint('failing', '--json'))).stdout)).toMatchObject({ keptTexts: 512 });
  });

  it.skipIf(!existsSync(`${TRANSFORMERS}/node_modules/@huggingface/transformers`))('asks a transformer', async () => {
    const before = process.env.EMBEDBAG_TRANSFORMERS;
    process.env.EMBEDBAG_TRANSFORMERS = TRANSFORMERS;
    try {
      const argv = guide(
        TINY_TEACHER,
        'of-transformer',
        '--train',
        files.pairs,
        '--pooling',
        'cls',
        '--max-tokens',
        '6',
        '--json',
      );
      const expected = { guide: 'tiny-teacher cls 6 tokens', texts: 16, keptTexts: 0 };
      expect(JSON.parse((await succeeded(argv)).stdout)).toMatchObject(expected);
    } finally {
      if (before === undefined) delete process.env.EMBEDBAG_TRANSFORMERS;
      else process.env.EMBEDBAG_TRANSFORMERS = before;
    }
  });
});

describe('embedbag guide refuses', () => {
  it.each([
    [
      ['--teacher', 'vectors.npy'],
      'error: Expected `--teacher` to be a model that embeds texts, received `vectors.npy`, a file of vectors.',
    ],
    [['--batch-size', '513'], 'Give a whole number from 1 to 512.'],
    [['--max-tokens', '9'], 'error: Expected `--max-tokens` with another kind of teacher, received it with'],
    [['--pooling', 'cls'], 'error: Expected `--pooling` with another kind of teacher, received it with'],
    [
      ['--api-key-env', 'NO_SUCH_KEY'],
      'error: Expected a key in the environment variable `NO_SUCH_KEY`, received none.',
    ],
  ])('%j', async (options, message) => {
    const { exitCode, stderr } = await capturedRun(ofEndpoint('wrong', ...options));
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
    expect(existsSync(at('wrong'))).toBe(false);
  });

  it('options of another kind of teacher, folders without a model, held-out rows of a name that is trained on', async () => {
    expect(await refusal(guide(files.model, 'wrong', '--train', many, '--teacher-model', 'm'))).toContain(
      `Expected \`--teacher-model\` with another kind of teacher, received it with \`${files.model}\`, a static model.`,
    );
    expect(await refusal(guide(files.folder, 'wrong', '--train', many))).toContain("in the teacher's folder");
    const other = await files.file('elsewhere/many.jsonl', '{"anchor": "a", "positive": "b"}\n');
    expect(await refusal(ofEndpoint('wrong', '--eval-data', other))).toBe(
      'error: Expected `--eval-data` to have other names than `--train`, received dataset `many` in both. Rename a file.',
    );
  });

  it('the folder of a teacher that has changed since', async () => {
    await succeeded(guide(files.model, 'changed', '--train', files.pairs));
    const path = join(files.model, 'modules.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, `${text}\n`);
    expect(await refusal(guide(files.model, 'changed', '--train', files.pairs))).toBe(
      `error: Expected the guide embeddings in ${at('changed')} to be those of guide \`model\` as it is now, received those of another version of it. Write them anew into another folder, or remove this one.`,
    );
    await writeFile(path, text);
    await succeeded(guide(files.model, 'changed', '--train', files.pairs));
  });
});

describe('embedbag train refuses guide embeddings', () => {
  it('of other rows, without the held-out ones, of another guide, and of another format, before the first step', async () => {
    await succeeded(guide(files.model, 'small', '--train', files.pairs));
    const said = (options: object, ...more: string[]): Promise<string> =>
      refusal(train('never', 'gist', options, ...more));
    expect(await said({ guide: at('small') }, '--train', many)).toBe(
      `error: Expected the guide embeddings in ${at('small')} to hold those of dataset \`many\`, received those of \`pairs\`. Make those of these rows with \`embedbag guide\` in another folder.`,
    );
    expect(await said({ guide: at('small') }, '--eval-data', many)).toBe(
      `error: Expected the guide embeddings in ${at('small')} to hold those of dataset \`many\`, received those of \`pairs\`. Make them with \`embedbag guide --eval-data\` too, in another folder, or leave \`--eval-data\` out.`,
    );
    expect(await said({ guide: at('small'), guideName: 'other' })).toBe(
      `error: Expected the guide embeddings in ${at('small')} to be those of guide \`other\`, received those of \`model\`. Leave the name out, or name the folder that has those of \`other\`.`,
    );
    await files.file('old/guide.json', '{"format": 1, "guide": "x", "dimension": 3, "datasets": []}');
    expect(await said({ guide: at('old') })).toBe(
      `error: Expected ${at('old')} to be a folder that \`writeGuideEmbeddings\` made, received a \`guide.json\` of another format. Name another folder.`,
    );
    expect(existsSync(at('never'))).toBe(false);
  });
});
