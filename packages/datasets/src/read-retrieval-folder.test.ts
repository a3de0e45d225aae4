import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { folderWith, refusal } from './fixtures/folder.js';
import { isRetrievalFolder, listRetrievalFolders, readRetrievalFolder } from './read-retrieval-folder.js';

const FILES = {
  'corpus.jsonl': '{"_id":"d2","title":"T","text":"two"}\n{"_id":"d1","title":"","text":"one"}\n{"_id":10,"text":""}\n',
  'queries.jsonl': '{"_id":"q1","text":"first"}\n{"_id":"q2","text":"second"}\n{"_id":"q3","text":"unjudged"}\n',
  'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\t10\t2\nq2\td2\t1\nq2\td1\t0\n',
};

describe('readRetrievalFolder', () => {
  test('reads documents, judged queries and the relevant documents', async () => {
    const folder = folderWith(FILES);
    const data = await readRetrievalFolder(folder);
    expect(data.name).toBe(basename(folder));
    expect([...data.corpus]).toEqual([
      ['d2', 'two'],
      ['d1', 'one'],
      ['10', ''],
    ]);
    expect([...data.queries]).toEqual([
      ['q1', 'first'],
      ['q2', 'second'],
    ]);
    expect([...data.relevantDocs]).toEqual([
      ['q1', new Set(['d1', '10'])],
      ['q2', new Set(['d2'])],
    ]);
  });

  test('puts the title before the text only when told', async () => {
    const { corpus } = await readRetrievalFolder(folderWith(FILES), { withTitle: true });
    expect([...corpus.values()]).toEqual(['T two', 'one', '']);
  });

  test('reads the named split, or the only one there is', async () => {
    const { 'qrels/test.tsv': qrels, ...others } = FILES;
    expect((await readRetrievalFolder(folderWith({ ...others, 'qrels/dev.tsv': qrels }))).queries.size).toBe(2);
    const two = folderWith({ ...others, 'qrels/dev.tsv': qrels, 'qrels/train.tsv': qrels });
    expect((await readRetrievalFolder(two, { split: 'train' })).queries.size).toBe(2);
    expect(await refusal(() => readRetrievalFolder(two))).toEqual({
      code: 'missing-split',
      message: `Expected test.tsv in ${two}/qrels, received dev.tsv, train.tsv. Choose one with \`split\`.`,
    });
  });

  test.each([
    [
      'qrels/test.tsv',
      'query-id\tcorpus-id\tscore\nq1\td9\t1\n',
      'unknown-id: Expected an id of corpus.jsonl on line 2 of qrels/test.tsv, received `d9`. Add that row or remove this line.',
    ],
    [
      'qrels/test.tsv',
      'query-id\tcorpus-id\tscore\nq9\td1\t1\n',
      'unknown-id: Expected an id of queries.jsonl on line 2 of qrels/test.tsv, received `q9`. Add that row or remove this line.',
    ],
    [
      'qrels/test.tsv',
      'query-id\tcorpus-id\tscore\nq1\td1\thigh\n',
      'invalid-score: Expected a number in `score` on line 2 of qrels/test.tsv, received the text "high". Repair or remove that row.',
    ],
    [
      'qrels/test.tsv',
      'q1\t0\td1\t1\n',
      'missing-column: Expected the header `query-id`, `corpus-id`, `score` with tabs between on line 1 of qrels/test.tsv, received `q1`, `0`, `d1`, `1`. Add that line.',
    ],
    [
      'qrels/test.tsv',
      'query-id\tcorpus-id\tscore\nq1\td1\t0\n',
      'empty-file: Expected at least one row with a score above 0 in qrels/test.tsv, received none. Check how it was written.',
    ],
    [
      'corpus.jsonl',
      '{"_id":"d1","text":"a"}\n{"_id":"d1","text":"b"}\n',
      'repeated-id: Expected a new `_id` on line 2 of corpus.jsonl, received `d1` again. Remove one of the two rows.',
    ],
    [
      'queries.jsonl',
      '{"_id":"q1"}\n',
      'missing-text: Expected a string in `text` on line 1 of queries.jsonl, received nothing. Repair or remove that row.',
    ],
    [
      'queries.jsonl',
      '{"text":"a"}\n',
      'missing-text: Expected a string in `_id` on line 1 of queries.jsonl, received nothing. Repair or remove that row.',
    ],
  ])('refuses %s with %j', async (name, content, expected) => {
    const folder = folderWith({ ...FILES, [name]: content });
    const { code, message } = await refusal(() => readRetrievalFolder(folder));
    expect(`${code}: ${message.replaceAll(`${folder}/`, '')}`).toBe(expected);
  });

  test('says what a folder lacks', async () => {
    const folder = folderWith({ 'corpus.jsonl': '' });
    expect((await refusal(() => readRetrievalFolder(folder))).message).toBe(
      `Expected corpus.jsonl, queries.jsonl and the folder qrels in ${folder}, received a folder without queries.jsonl and qrels. Check the path.`,
    );
  });
});

describe('listRetrievalFolders', () => {
  const inside = (name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(FILES).map(([file, content]) => [`${name}/${file}`, content]));

  test('finds the folder itself or those in it, sorted', async () => {
    const folder = folderWith({ ...inside('b'), ...inside('a'), 'c/corpus.jsonl': '' });
    expect(await listRetrievalFolders(folder)).toEqual([join(folder, 'a'), join(folder, 'b')]);
    expect(await listRetrievalFolders(join(folder, 'a'))).toEqual([join(folder, 'a')]);
    expect(await isRetrievalFolder(join(folder, 'c'))).toBe(false);
    expect(await isRetrievalFolder(join(folder, 'absent'))).toBe(false);
  });

  test('refuses a folder without any, and a missing one', async () => {
    const folder = folderWith({ 'x.txt': '' });
    expect(await refusal(() => listRetrievalFolders(folder))).toEqual({
      code: 'empty-folder',
      message: `Expected ${folder} to be or to hold folders with corpus.jsonl, queries.jsonl and qrels/, received none. Check the path.`,
    });
    expect((await refusal(() => listRetrievalFolders(join(folder, 'absent')))).code).toBe('folder-not-found');
  });
});

const english = new URL('../../../../shared/data/english/eval/', import.meta.url);

test.skipIf(!existsSync(english))('the English retrieval sets have the sizes their README lists', async () => {
  const sizes: Record<string, readonly number[]> = {};
  for (const folder of await listRetrievalFolders(fileURLToPath(english))) {
    const { name, corpus, queries, relevantDocs } = await readRetrievalFolder(folder);
    sizes[name] = [corpus.size, queries.size, [...relevantDocs.values()].reduce((sum, { size }) => sum + size, 0)];
  }
  expect(sizes).toEqual({
    'natural-questions': [1343, 1355, 1355],
    scifact: [5183, 300, 339],
    'xquad-en': [240, 1190, 1190],
  });
});
