import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';
import { chartPng } from './chart-png.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
let folder: string;

const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const SENTENCES = ['the cat sat', 'a dog ran', 'read a file', 'write bytes', 'open the door', 'boil water'];

beforeAll(async () => {
  files = await tinyFiles();
  folder = join(files.folder, 'eval');
  const other = (row: number): string => SENTENCES[(row + 1) % SENTENCES.length]!;
  const rows = (make: (text: string, row: number) => object): string => lines(SENTENCES.map(make));
  await files.file(
    'eval/sts.jsonl',
    rows((text, row) => ({
      sentence1: text,
      sentence2: row % 2 === 0 ? text : other(row),
      score: row % 2 === 0 ? 5 : row / 5,
    })),
  );
  await files.file(
    'eval/nli.jsonl',
    rows((text, row) => ({ anchor: text, positive: text, negative: other(row) })),
  );
  await files.file(
    'eval/deu.jsonl',
    rows((text) => ({ english: text, non_english: text })),
  );
  await files.file(
    'eval/quora.csv',
    `sentence1,sentence2,label\n${SENTENCES.map((text, row) => `${text},${row % 2 === 0 ? text : other(row)},${(row + 1) % 2}\n`).join('')}`,
  );
});
afterAll(() => files.dispose());

async function evaluate(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await capturedRun([
    'evaluate',
    '--model',
    files.model,
    '--backend',
    'typescript',
    ...argv,
  ]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('error') });
  return stdout.toString('utf8');
}

async function refusal(...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await capturedRun(['evaluate', '--model', files.model, ...argv]);
  expect([exitCode, stdout.toString('utf8')]).toEqual([2, '']);
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr;
}

interface Printed {
  readonly metrics: Readonly<Record<string, number>>;
  readonly primaryMetric: string;
  readonly comparison?: { readonly pValue: number };
  readonly interval?: { readonly value: number; readonly low: number; readonly high: number; readonly level: number };
}

async function results(...argv: readonly string[]): Promise<Readonly<Record<string, Printed>>> {
  return (JSON.parse(await evaluate('--json', ...argv)) as { results: Record<string, Printed> }).results;
}

describe('the kind of a file', () => {
  test.each([
    ['sts.jsonl', 'sts_spearman_cosine'],
    ['nli.jsonl', 'nli_cosine_accuracy'],
    ['deu.jsonl', 'deu_mean_accuracy'],
    ['quora.csv', 'quora_cosine_ap'],
  ])('%s is told by its columns', async (name, primaryMetric) => {
    const [result] = Object.values(await results('--data', join(folder, name)));
    expect(result!.primaryMetric).toBe(primaryMetric);
    expect(result!.metrics[primaryMetric]).toBeGreaterThan(0.6);
  });

  test('is named, with other names of columns', async () => {
    const path = await files.file(
      'named.jsonl',
      lines([
        { a: 'x', b: 'y', gold: 1 },
        { a: 'z', b: 'z', gold: 2 },
      ]),
    );
    const columns = 'sentence1=a,sentence2=b,score=gold';
    const [result] = Object.values(await results('--data', path, '--kind', 'similarity', '--columns', columns));
    expect(result!.primaryMetric).toBe('named_spearman_cosine');
    expect(await refusal('--data', path)).toBe(
      `error: Expected the columns sentence1, sentence2, score (similarity) or sentence1, sentence2, label (pairs) or anchor, positive, negative (triplets) or english, non_english (translation) in ${path}, received a, b, gold. Say which is which with \`--kind\` and \`--columns\`.\n`,
    );
    expect(await refusal('--data', path, '--columns', columns)).toContain(
      'Expected `--kind` with one of similarity, pairs, triplets, translation beside `--columns`, received none.',
    );
    expect(await refusal('--data', path, '--kind', 'similarity', '--columns', 'first=a')).toContain(
      'Expected `--columns` to name sentence1, sentence2, score, received `first`.',
    );
  });

  test('may be that of a folder: BEIR folders, or a set a file, each with a name of its own', async () => {
    expect(Object.keys(await results('--data', files.folder))).toEqual(['retrieval']);
    await files.file('sets/one.jsonl', readFileSync(join(folder, 'deu.jsonl')));
    await files.file('sets/two.jsonl', readFileSync(join(folder, 'deu.jsonl')));
    const found = await results('--data', join(files.folder, 'sets'), join(files.folder, 'sets/two.jsonl'));
    expect(Object.keys(found)).toEqual(['one', 'two', 'two (2)']);
  });
});

test('prints a table for each kind, with the mean of its sets', async () => {
  const argv = ['--retrieval', files.retrieval, '--data', join(folder, 'sts.jsonl'), join(folder, 'deu.jsonl')];
  const text = await evaluate(...argv, join(folder, 'deu.jsonl'), '--dims', '16,8', '--similarity', 'cosine,dot');
  expect(text).toMatch(/^retrieval set +dim +similarity +ndcg@10/);
  expect(text).toMatch(/\nsts +8 +dot +-?[01]\.\d{4} +-?[01]\.\d{4}\n/);
  expect(text).toMatch(/\nmean of 2 +16 +1\.0000 +1\.0000 +1\.0000\n/);
});

test('adds to CSV files, writes items and draws a picture', async () => {
  const out = join(files.folder, 'out');
  const outputs = [
    '--csv',
    join(out, 'csv'),
    '--items',
    join(out, 'items.jsonl'),
    '--svg',
    join(out, 'deep/scores.svg'),
  ];
  const argv = ['--data', join(folder, 'nli.jsonl'), join(folder, 'sts.jsonl'), '--dims', '16,4', ...outputs];
  await evaluate(...argv);
  await evaluate(...argv);
  const csv = await readFile(join(out, 'csv/triplet_evaluation_nli_results.csv'), 'utf8');
  expect(csv).toBe('epoch,steps,accuracy_cosine\r\n-1,-1,1.0\r\n-1,-1,1.0\r\n');
  const items = (await readFile(join(out, 'items.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(items).toHaveLength(SENTENCES.length);
  expect(JSON.parse(items[2]!)).toMatchObject({ set: 'nli', id: '2', metrics: { nli_cosine_accuracy: 1 } });
  const svg = await readFile(join(out, 'deep/scores.svg'), 'utf8');
  expect(svg).toContain('triplets: cosine_accuracy');
  expect(svg).toContain('similarity: spearman_cosine');
});

test('draws a PNG of the same picture, with its letters', async () => {
  const png = join(files.folder, 'pictures/scores.png');
  const svg = join(files.folder, 'pictures/scores.svg');
  const argv = ['--data', join(folder, 'nli.jsonl'), '--dims', '16,8,4', '--png', png, '--svg', svg];
  await evaluate(...argv);
  const bytes = await readFile(png);
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [, svgWidth, svgHeight] = /width="(\d+)" height="(\d+)"/.exec(await readFile(svg, 'utf8')) ?? [];
  expect([width, height]).toEqual([2 * Number(svgWidth), 2 * Number(svgHeight)]);
  const withoutLetters = await chartPng((await readFile(svg, 'utf8')).replace(/<text.*?<\/text>/g, ''));
  expect(bytes.length).toBeGreaterThan(withoutLetters.length * 1.5);
  await evaluate(...argv);
  expect(await readFile(png)).toEqual(bytes);
});

test('adds an interval of the primary metric', async () => {
  const argv = ['--data', join(folder, 'sts.jsonl'), '--retrieval', files.retrieval, '--intervals'];
  const { sts, retrieval } = await results(...argv);
  const { value, low, high, level } = sts!.interval!;
  expect([level, value]).toEqual([0.95, sts!.metrics.sts_spearman_cosine]);
  expect(low).toBeLessThan(value);
  expect(high).toBeGreaterThanOrEqual(value);
  expect(retrieval!.interval!.value).toBe(retrieval!.metrics['retrieval_cosine_ndcg@10']);
  expect(await evaluate(...argv)).toMatch(
    /\nset +primary metric +value +95 % interval\n[- ]+\nretrieval +retrieval_cosine_ndcg@10 +\d\.\d{4} +\d\.\d{4} to \d\.\d{4}\nsts +/,
  );
});

test('prints what was measured even where a file cannot be written', async () => {
  const path = join(files.pairs, 'scores.svg');
  const argv = [
    'evaluate',
    '--model',
    files.model,
    '--data',
    join(folder, 'nli.jsonl'),
    '--dims',
    '16,4',
    '--svg',
    path,
  ];
  const { exitCode, stdout, stderr } = await capturedRun(argv);
  expect([exitCode, stderr.split('\n').at(-2)]).toEqual([
    2,
    `error: Expected to write ${path}, received ENOTDIR. Check that its folder exists and can be written.`,
  ]);
  expect(stdout.toString()).toMatch(/^triplets set +dim +accuracy/);
});

test('compares with a baseline', async () => {
  const argv = ['--baseline', files.model, '--retrieval', files.retrieval];
  expect((await results(...argv)).retrieval!.comparison).toMatchObject({ difference: 0, pValue: 1, items: 8 });
  expect(await evaluate(...argv)).toMatch(
    /\nretrieval +\d\.\d{4} +\d\.\d{4} +\+0\.0000 +\+0\.0000 to \+0\.0000 +1\.0000\n/,
  );
});

describe('NanoBEIR', () => {
  test('is read from BEIR folders of its names', async () => {
    for (const name of ['corpus.jsonl', 'queries.jsonl', 'qrels/test.tsv']) {
      const content = readFileSync(join(files.retrieval, name));
      await files.file(`nano/NanoNQ/${name}`, content);
      await files.file(`nano/scifact/${name}`, content);
    }
    const { NanoBEIR } = await results('--nanobeir', join(files.folder, 'nano'));
    expect(NanoBEIR!.primaryMetric).toBe('NanoBEIR_mean_cosine_ndcg@10');
    expect(Object.keys(NanoBEIR!.metrics)).toContain('NanoSciFact_cosine_ndcg@10');
    const table = await evaluate('--nanobeir', join(files.folder, 'nano'));
    expect(table.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'retrieval',
      expect.stringMatching(/^-+$/),
      'NanoNQ',
      'NanoSciFact',
      'NanoBEIR',
      '',
    ]);
  });

  test('is evaluated on some of its datasets, and one that is not there is named', async () => {
    const path = join(files.folder, 'nano');
    const { NanoBEIR } = await results('--nanobeir', path, '--nanobeir-datasets', 'SciFact');
    expect(Object.keys(NanoBEIR!.metrics).filter((key) => key.startsWith('NanoNQ'))).toEqual([]);
    expect(NanoBEIR!.metrics['NanoBEIR_mean_cosine_ndcg@10']).toBe(NanoBEIR!.metrics['NanoSciFact_cosine_ndcg@10']);
    expect(await refusal('--nanobeir', path, '--nanobeir-datasets', 'nq,msmarco')).toBe(
      `error: Expected the dataset NanoMSMARCO in ${path}, received NanoNQ, NanoSciFact. Check the path, or choose among these with \`--nanobeir-datasets\`.\n`,
    );
    expect(await refusal('--nanobeir', path, '--nanobeir-datasets', 'trec')).toContain(
      'Name some of ClimateFEVER, DBPedia, FEVER, FiQA2018, HotpotQA, MSMARCO, NFCorpus, NQ, QuoraRetrieval, SCIDOCS, ArguAna, SciFact, Touche2020, each once.',
    );
    expect(await refusal('--data', folder, '--nanobeir-datasets', 'nq')).toBe(
      'error: Expected `--nanobeir` beside `--nanobeir-datasets`, received none. Say where the datasets lie.\n',
    );
  });

  test('whose tables are wrong is refused with the table, the row and the column', async () => {
    const texts = lines(SENTENCES.map((text, row) => ({ _id: `${row}`, text })));
    await files.file('wrong/corpus/NanoNQ.jsonl', texts);
    await files.file('wrong/queries/NanoNQ.jsonl', texts);
    await files.file('wrong/qrels/NanoNQ.jsonl', lines([{ 'query-id': '0', 'corpus-id': null }]));
    const path = join(files.folder, 'wrong');
    expect(await refusal('--nanobeir', path)).toContain(
      'Expected an id in `corpus-id` of row 0 of `qrels`, received null. Check which table was read.',
    );
    await files.file('wrong/qrels/NanoNQ.jsonl', lines([{ 'query-id': '0', 'corpus-id': 'nowhere' }]));
    expect(await refusal('--nanobeir', path)).toContain(
      'error: Expected the relevant documents of query `0` to be in `corpus`, received `nowhere`, which is not. Add the document or take it out of `relevantDocs`.\n',
    );
    await files.file('wrong/corpus/NanoNQ.jsonl', lines([{ id: '1', text: 'a' }]));
    expect(await refusal('--nanobeir', path)).toContain(
      'error: Expected an id in `_id` of row 0 of `corpus`, received no such column. Check which table was read.\n',
    );
  });

  test('is read in the layout of the hub', async () => {
    const texts = SENTENCES.map((text, row) => ({ _id: `${row}`, text }));
    await files.file('tables/corpus/NanoFEVER-00000-of-00001.jsonl', lines(texts));
    await files.file('tables/queries/NanoFEVER.jsonl', lines(texts));
    const qrels = SENTENCES.map((_, row) => ({ 'query-id': `${row}`, 'corpus-id': `${row}` }));
    const path = join(files.folder, 'tables');
    expect(await refusal('--nanobeir', path)).toContain(
      `Expected a file of queries/NanoFEVER in ${path}, received none.`.replace('queries', 'qrels'),
    );
    await files.file('tables/qrels/NanoFEVER.jsonl', lines(qrels));
    const { NanoBEIR } = await results('--nanobeir', path, '--dims', '8');
    expect(NanoBEIR!.metrics['NanoFEVER_8_cosine_accuracy@1']).toBe(1);
    expect(NanoBEIR!.primaryMetric).toBe('NanoBEIR_mean_8_cosine_ndcg@10');
  });

  test('is not found in another folder', async () => {
    expect(await refusal('--nanobeir', folder)).toBe(
      `error: Expected ${folder} to hold NanoBEIR datasets, as folders such as NanoMSMARCO in BEIR layout or files such as corpus/NanoMSMARCO.parquet, received none. Check the path.\n`,
    );
  });
});

test('says what is missing, before the model is loaded', async () => {
  expect(await refusal()).toBe(
    'error: Expected `--retrieval`, `--nanobeir` or `--data`, received none of them. Name what to evaluate on.\n',
  );
  expect(await refusal('--data', folder, '--svg', 'scores.svg', '--dims', '8')).toBe(
    'error: Expected `--dims` with at least two dims for `--svg`, received 8. Name some, such as --dims 1024,512,256.\n',
  );
  expect(await refusal('--data', folder, '--png', 'scores.png')).toBe(
    'error: Expected `--dims` with at least two dims for `--png`, received none. Name some, such as --dims 1024,512,256.\n',
  );
  expect(await refusal('--data', folder, '--similarity', 'jaccard')).toContain(
    'Name some of cosine, dot, euclidean, manhattan, each once.',
  );
});

const shared = new URL('../../../../shared/data/multilingual/eval/', import.meta.url);

test.skipIf(!existsSync(shared))('the multilingual evaluation data are recognised as they are', async () => {
  const tatoeba = new URL('tatoeba/nld.jsonl', shared).pathname;
  const stsb = new URL('stsb/nl-test.jsonl', shared).pathname;
  const found = await results('--data', tatoeba, stsb);
  expect(Object.values(found).map(({ primaryMetric }) => primaryMetric)).toEqual([
    'nld_mean_accuracy',
    'nl-test_spearman_cosine',
  ]);
});
