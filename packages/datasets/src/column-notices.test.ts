import { basename } from 'node:path';
import { expect, test } from 'vitest';
import type { DatasetNotice } from './column-notices.js';
import { fileWith, folderWith } from './fixtures/folder.js';
import { readDataset } from './read-dataset.js';
import { readDatasets } from './read-datasets.js';

async function noticesOf(columns: Readonly<Record<string, string>>): Promise<DatasetNotice[]> {
  const row = Object.fromEntries(Object.values(columns).map((source) => [source, 'text']));
  const notices: DatasetNotice[] = [];
  const path = fileWith('rows.jsonl', JSON.stringify(row));
  await readDataset(path, { columns, onNotice: (notice) => notices.push(notice) });
  return notices.map(({ code, message }) => ({ code, message: message.replace(path, basename(path)) }));
}

test('tells of roles that look swapped', async () => {
  expect(await noticesOf({ anchor: 'answer', positive: 'question' })).toEqual([
    {
      code: 'columns-swapped',
      message:
        '`anchor` is what is asked and `positive` what answers it; in rows.jsonl they are the columns `answer` and `question`. Swap them unless that is meant.',
    },
  ]);
});

test('tells of negatives and positives that look swapped', async () => {
  const notices = await noticesOf({ anchor: 'query', positive: 'neg', negative: 'pos' });
  expect(notices.map(({ message }) => message)).toEqual([
    'The column `neg` of rows.jsonl is read as `positive`. Check `columns` unless that is meant.',
    'The column `pos` of rows.jsonl is read as `negative`. Check `columns` unless that is meant.',
  ]);
});

test.each(['query_id', 'id', '_id', 'passage_ids', 'docId', 'docID'])('tells of the column %s', async (name) => {
  expect(await noticesOf({ anchor: name, positive: 'answer' })).toEqual([
    {
      code: 'id-column',
      message: `The column \`${name}\` of rows.jsonl, read as \`anchor\`, has the name of a column of ids. Choose the column that holds the texts unless it does.`,
    },
  ]);
});

test.each([
  { anchor: 'question', positive: 'answer' },
  { anchor: 'title', positive: 'abstract', negative: 'hard_negative' },
  { anchor: 'grid', positive: 'solid' },
  { anchor: 'text', positive: 'summary' },
])('has nothing to say of %j', async (columns) => {
  expect(await noticesOf(columns)).toEqual([]);
});

test('tells once a dataset', async () => {
  const row = '{"answer":"a","question":"b"}\n';
  const folder = folderWith({ 'x-0000-of-0002.jsonl': row, 'x-0001-of-0002.jsonl': row, 'y.jsonl': row });
  const notices: DatasetNotice[] = [];
  await readDatasets(folder, {
    columns: { anchor: 'answer', positive: 'question' },
    onNotice: (notice) => notices.push(notice),
  });
  expect(notices).toHaveLength(2);
});

test.each(['label', 'labels', 'score', 'scores'])('reads labels from the column %s', async (name) => {
  const dataset = await readDataset(fileWith('rows.csv', `anchor,positive,${name}\na,b,0.5\n`));
  expect(dataset.labels?.([0])).toEqual(Float32Array.of(0.5));
});
