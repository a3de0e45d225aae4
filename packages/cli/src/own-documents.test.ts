import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRetrievalFolder } from '@embedbag/datasets';
import { loadTokenizer } from '@embedbag/tokenization';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
let docs: string;

const PAGES = ['cats', 'dogs', 'birds', 'fish', 'horses'];
const TOPICS = ['food', 'sleep', 'play', 'health'];

beforeAll(async () => {
  files = await tinyFiles();
  for (const page of PAGES) {
    const sections = TOPICS.map((topic) => `## ${topic}\n\nWhat keepers of ${page} say about ${topic}, and why.\n`);
    await files.file(
      `docs/${page}.md`,
      `# All about ${page}\n\nThese pages are about ${page}.\n\n${sections.join('\n')}`,
    );
  }
  docs = join(files.folder, 'docs');
});
afterAll(() => files.dispose());

const jsonLines = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('documentation becomes pairs, a test set, a vocabulary, a model and answers', async () => {
  const output = join(files.folder, 'my-docs');
  const pairs = await capturedRun(['pairs', docs, '--output', output, '--held-out', '0.2', '--json']);
  const counts = JSON.parse(pairs.stdout.toString()) as { readonly pairs: number; readonly heldOut: number };
  expect(counts.pairs + counts.heldOut).toBe(25);
  expect(counts.heldOut).toBeGreaterThan(0);
  const train = jsonLines(join(output, 'train.jsonl'));
  expect(train).toHaveLength(counts.pairs);
  expect(train).toContainEqual({ anchor: 'all about cats', positive: 'These pages are about cats.' });
  expect(jsonLines(join(output, 'documents.jsonl'))).toHaveLength(25);
  const heldOut = await readRetrievalFolder(join(output, 'held-out'));
  expect([heldOut.queries.size, heldOut.corpus.size]).toEqual([counts.heldOut, 25]);
  for (const [query, relevant] of heldOut.relevantDocs) {
    const [document] = relevant;
    const topic = heldOut.queries.get(query)!.split(' ').at(-1);
    expect(heldOut.corpus.get(document!)).toContain(`about ${topic}`);
  }

  const tokenizer = join(output, 'tokenizer.json');
  const vocabulary = await capturedRun([
    'vocabulary',
    '--input',
    join(output, 'train.jsonl'),
    '--size',
    '200',
    '--output',
    tokenizer,
  ]);
  expect(vocabulary).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/\d+ tokens in .*tokenizer\.json/) });
  expect((await loadTokenizer(tokenizer)).vocabularySize).toBeLessThanOrEqual(200);

  const model = join(files.folder, 'docs-model');
  const settings = ['--dimension', '32', '--batch-size', '8', '--epochs', '10', '--backend', 'typescript'];
  const from = ['--train', join(output, 'train.jsonl'), '--tokenizer', tokenizer, '--eval', join(output, 'held-out')];
  expect((await capturedRun(['train', ...from, '--output', model, ...settings])).exitCode).toBe(0);
  const search = ['--model', join(model, 'final'), '--documents', join(output, 'documents.jsonl')];
  const { stdout } = await capturedRun(['search', ...search, '--query', 'horses sleep', '--top', '1', '--json']);
  expect(stdout.toString()).toContain('What keepers of horses say about sleep');
});

test('pairs are made anew over those of an earlier run, and over nothing else', async () => {
  const output = join(files.folder, 'again');
  for (const share of ['0', '0.2']) {
    expect((await capturedRun(['pairs', docs, '--output', output, '--held-out', share])).exitCode).toBe(0);
  }
  const { exitCode, stderr } = await capturedRun(['pairs', docs, '--output', docs]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('to be missing, empty or the output of an earlier `embedbag pairs`, received a folder with');
  expect(readdirSync(docs)).toHaveLength(PAGES.length);
});

test('a folder whose headings have no prose is refused, and nothing is written', async () => {
  const bare = await files.file('bare/a.md', '# Only\n\n## headings\n');
  const output = join(files.folder, 'none');
  const { exitCode, stderr } = await capturedRun(['pairs', bare, '--output', output]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    `Expected names with prose below them in ${bare}, received none that make a pair. Give a folder with more documentation, or another \`--source\` than markdown.`,
  );
  expect(existsSync(output)).toBe(false);
});

test('a vocabulary is made of text files and of all text columns, and needs texts', async () => {
  const lines = await files.file('lines.txt', 'blue whale\nblue whale\n');
  const table = await files.file('table.csv', 'name,about\nred panda,red panda\n');
  const tokenizer = join(files.folder, 'mixed.json');
  const made = await capturedRun(['vocabulary', '--input', lines, table, '--size', '300', '--output', tokenizer]);
  expect(made.exitCode).toBe(0);
  const { vocab } = (JSON.parse(readFileSync(tokenizer, 'utf8')) as { model: { vocab: object } }).model;
  expect(Object.keys(vocab)).toEqual(expect.arrayContaining(['whale', 'panda']));

  const empty = await files.file('empty.txt', '');
  const refused = join(files.folder, 'refused.json');
  const { exitCode, stderr } = await capturedRun(['vocabulary', '--input', empty, '--output', refused]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`Expected texts in ${empty}, received none. Give files with one text a line`);
  const small = await capturedRun(['vocabulary', '--input', lines, '--size', '7', '--output', refused]);
  expect(small.exitCode).toBe(2);
  expect(small.stderr).toMatch(/^error: Expected `vocabularySize` to be at least 17/m);
  expect(readdirSync(files.folder).filter((name) => name.startsWith('refused'))).toEqual([]);
});
