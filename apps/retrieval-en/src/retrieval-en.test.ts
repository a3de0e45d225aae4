import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { kernelsFromOptions, runProgram } from '@embedbag/cli';
import { readDatasetTree, writeGuideEmbeddings } from '@embedbag/datasets';
import { guideFromModel } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { HAS_NATIVE, NATIVE_FOLDER } from '@embedbag/tensorflow/fixtures/native';
import { trainWordPiece } from '@embedbag/tokenization';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RECIPE } from './recipe.js';
import { retrievalEn } from './retrieval-en.js';

const SUBJECTS = ['cat', 'dog', 'bird', 'fish', 'horse', 'cow', 'sheep', 'goat', 'duck', 'frog'];
const VERBS = ['eats', 'sees', 'likes', 'finds', 'hides', 'takes', 'wants', 'holds'];
const ROWS = SUBJECTS.flatMap((subject) =>
  VERBS.map((verb) => ({ anchor: `${verb} ${subject}`, positive: `the ${subject} ${verb} it` })),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedbag-recipe-'));
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await mkdir(join(folder, 'train'));
  await mkdir(join(folder, 'eval', 'animals', 'qrels'), { recursive: true });
  await writeFile(join(folder, 'train', 'a.jsonl'), lines(ROWS.slice(0, 40)));
  await writeFile(join(folder, 'train', 'b.jsonl'), lines(ROWS.slice(40)));
  const part = ROWS.filter((_, row) => row % 4 === 0);
  const at = join(folder, 'eval', 'animals');
  await writeFile(
    join(at, 'corpus.jsonl'),
    lines(part.map(({ positive }, row) => ({ _id: `d${row}`, text: positive }))),
  );
  await writeFile(join(at, 'queries.jsonl'), lines(part.map(({ anchor }, row) => ({ _id: `q${row}`, text: anchor }))));
  const relevant = part.map((_, row) => `q${row}\td${row}\t1\n`).join('');
  await writeFile(join(at, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${relevant}`);
  const texts = ROWS.flatMap(({ anchor, positive }) => [anchor, positive]);
  await writeFile(join(folder, 'tokenizer.json'), trainWordPiece(texts, { vocabularySize: 120 }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

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

test('every file is a dataset, every folder is evaluated at every dim, the model lies in final', async () => {
  const output = join(folder, 'output');
  const argv = ['--train', join(folder, 'train'), '--eval', join(folder, 'eval'), '--output', output];
  argv.push('--tokenizer', join(folder, 'tokenizer.json'), '--seed', '7', '--json', '--backend', 'typescript');
  const { exitCode, stdout, stderr } = await run(argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  const report = JSON.parse(stdout) as {
    steps: number;
    pairs: number;
    seed: number;
    before: { animals: Record<string, number> };
    after: { animals: Record<string, number> };
  };
  expect(report).toMatchObject({ steps: 2, pairs: 80, seed: 7 });
  const dims = [...RECIPE.matryoshkaDims].sort((a, b) => a - b).map(String);
  expect(Object.keys(report.before.animals)).toEqual(dims);
  expect(Object.keys(report.after.animals)).toEqual(dims);
  const card = await readFile(join(output, 'final', 'README.md'), 'utf8');
  expect(card).toContain(
    `| **cosine_ndcg@10** | ${report.after.animals['1024']?.toFixed(4)} | ${report.after.animals['768']?.toFixed(4)} |`,
  );
  const model = await StaticEmbedding.load(join(output, 'final'));
  expect(model.dimension).toBe(RECIPE.dimension);
  model.dispose();
});

test('embeddings that a guide made before train what it trains itself, and of other rows are refused', async () => {
  const argv = ['--train', join(folder, 'train'), '--tokenizer', join(folder, 'tokenizer.json'), '--json'];
  argv.push('--batch-size', '16', '--backend', 'typescript', '--loss', 'gist', '--output');
  const table = (name: string): Promise<Buffer> => readFile(join(folder, name, 'final', 'model.safetensors'));
  const first = await run([...argv, join(folder, 'guided-first'), '--loss', 'mnrl']);
  expect(first.exitCode).toBe(0);
  const model = join(folder, 'guided-first', 'final');
  const kernels = await kernelsFromOptions({ backend: 'typescript' }, { stderr: process.stderr });
  const guide = await StaticEmbedding.load(model, { kernels });
  const datasets = await readDatasetTree(join(folder, 'train'));
  const guides = join(folder, 'guide');
  await writeGuideEmbeddings(guides, { datasets, guide: guideFromModel(guide), guideName: 'first run' });
  guide.dispose();
  kernels.dispose();
  for (const [name, source] of Object.entries({ 'by-model': model, 'by-folder': guides })) {
    const { exitCode, stderr } = await run([...argv, join(folder, name), '--guide', source]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  }
  expect((await table('by-folder')).equals(await table('by-model'))).toBe(true);
  const card = await readFile(join(folder, 'by-folder', 'final', 'README.md'), 'utf8');
  expect(card).toContain('"guide": "first run"');
  const fewer = join(folder, 'fewer.jsonl');
  await writeFile(fewer, `${JSON.stringify(ROWS[0])}\n`);
  const refused = await run([...argv, join(folder, 'refused'), '--guide', guides, '--train', fewer]);
  expect(refused).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(
      `error: Expected the guide embeddings in ${guides} to hold those of dataset \`fewer\`, received those of \`a\`, \`b\`. Make those`,
    ),
  });
  expect(existsSync(join(folder, 'refused'))).toBe(false);
});

test('a first run guides a second one, and a cached loss takes larger batches', async () => {
  const argv = ['--train', join(folder, 'train'), '--tokenizer', join(folder, 'tokenizer.json'), '--json'];
  argv.push('--backend', 'typescript', '--batch-size', '16', '--output');
  const losses: string[] = [];
  const guide = join(folder, 'first', 'final');
  for (const [name, ...options] of [
    ['first', '--loss', 'cached-mnrl'],
    ['second', '--loss', 'gist', '--guide', guide, '--temperature', '0.05'],
  ]) {
    const output = join(folder, name!);
    const { exitCode, stdout, stderr } = await run([...argv, output, ...options]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
    expect(JSON.parse(stdout)).toMatchObject({ steps: 6, pairs: 80 });
    losses.push(await readFile(join(output, 'final', 'README.md'), 'utf8'));
  }
  expect(losses[0]).toContain('"loss": "CachedMultipleNegativesRankingLoss"');
  expect(losses[1]).toContain('"loss": "GISTEmbedLoss"');
  expect(losses[1]).toContain(`"guide": "${guide}"`);
});

test('--recipe best trains with the settings of the recipe, but for those that are given', async () => {
  const argv = ['--train', join(folder, 'train'), '--tokenizer', join(folder, 'tokenizer.json'), '--json'];
  argv.push('--backend', 'typescript', '--recipe', 'best', '--output');
  const cards: string[] = [];
  for (const [index, options] of [[], ['--initial-table', 'idf', '--batch-size', '16']].entries()) {
    const output = join(folder, `best-${index}`);
    const { exitCode, stdout, stderr } = await run([...argv, output, ...options]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
    expect(JSON.parse(stdout)).toMatchObject({ steps: options.length === 0 ? 2 : 6 });
    cards.push(await readFile(join(output, 'final', 'README.md'), 'utf8'));
  }
  for (const card of cards) expect(card).toContain('"partitionMode": "per_direction"');
  expect(cards[0]).toContain('- `perDeviceTrainBatchSize`: 1024\n');
  expect(cards[0]).toContain('- `initialTable`: `{"kind":"idf","exponent":1.5}`');
  expect(cards[1]).not.toContain('- `initialTable`: `{"kind":"idf","exponent":1.5}`');
});

/** Lets this process find packages in the folder of native TensorFlow, as NODE_PATH does when a process begins. */
function findNativeTensorFlow(): void {
  process.env.NODE_PATH = join(NATIVE_FOLDER, 'node_modules');
  (Module as unknown as { _initPaths(): void })._initPaths();
}

test('--backend tensorflow trains the same model, natively where it can, and says why not on a better one', async () => {
  if (HAS_NATIVE) findNativeTensorFlow();
  const argv = ['--train', join(folder, 'train'), '--tokenizer', join(folder, 'tokenizer.json'), '--json', '--output'];
  const embeddings: Float32Array[] = [];
  const said: string[] = [];
  for (const backend of ['typescript', 'tensorflow']) {
    const output = join(folder, `on-${backend}`);
    const { exitCode, stderr } = await run([...argv, output, '--backend', backend, '--batch-size', '16']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
    said.push(stderr);
    const model = await StaticEmbedding.load(join(output, 'final'));
    embeddings.push((await model.encode(ROWS.map(({ positive }) => positive))).data as Float32Array);
    model.dispose();
  }
  const got = HAS_NATIVE ? /^TensorFlow\.js 4\.22\.0: tensorflow-node/ : /^TensorFlow\.js 4\.22\.0: tensorflow-/;
  expect(said[1]).toMatch(got);
  if (!said[1]!.includes(': tensorflow-node-gpu'))
    expect(said[1]).toMatch(/\n {2}not node-gpu: @tensorflow\/tfjs-node-gpu .+\.\n/);
  const [expected, received] = embeddings as [Float32Array, Float32Array];
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, i) => Math.abs(value - received[i]!)));
  expect(error).toBeLessThan(1e-2 * largest);
});

test('training data without a tokenizer are refused before anything is made', async () => {
  const output = join(folder, 'refused');
  const { exitCode, stderr } = await run(['--train', join(folder, 'train'), '--output', output]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--tokenizer');
  expect(existsSync(output)).toBe(false);
});

test.each([
  [['--eval', 'x'], '`--train` with `--eval`'],
  [['--tokenizer', 'x'], '`--train` with `--tokenizer`'],
  [['--train', 'x', '--tokenizer', 'x', '--search'], '`--search` without `--train`'],
  [['--guide', 'x'], '`--guide` with `--loss gist`'],
  [['--loss', 'cached-mnrl', '--temperature', '0.1'], '`--temperature` with `--loss gist`'],
  [['--loss', 'gist'], '`--guide` with `--loss gist`'],
  [['--loss', 'hinge'], 'Allowed choices are mnrl, cached-mnrl, gist.'],
])('options that would have no effect are refused: %s', async (options, expected) => {
  const output = join(folder, 'unused');
  const { exitCode, stderr } = await run([...options, '--output', output, '--backend', 'typescript']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(expected) });
  expect(existsSync(output)).toBe(false);
});
