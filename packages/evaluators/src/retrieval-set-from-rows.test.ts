import { expect, test } from 'vitest';
import { refusal } from './fixtures/refusal.js';
import { retrievalSetFromRows } from './retrieval-set-from-rows.js';

const tables = {
  corpus: [
    { _id: 'd1', text: 'one', title: 'not used' },
    { _id: 'd2', text: '' },
    { _id: 'd3', text: '' },
    { _id: 4, text: 'four' },
  ],
  queries: [
    { _id: 'q1', text: 'first' },
    { _id: 'q2', text: '' },
  ],
  qrels: [
    { 'query-id': 'q1', 'corpus-id': 'd1' },
    { 'query-id': 'q1', 'corpus-id': 'd3' },
    { 'query-id': 'q2', 'corpus-id': 'd1' },
  ],
};

test('keeps texts that are not empty, and empty documents that are relevant', async () => {
  const { name, corpus, queries, relevantDocs } = await retrievalSetFromRows({ name: 'tiny', ...tables });
  expect(name).toBe('tiny');
  expect([...(corpus as Map<string, string>)]).toEqual([
    ['d1', 'one'],
    ['d3', ''],
    ['4', 'four'],
  ]);
  expect([...(queries as Map<string, string>)]).toEqual([['q1', 'first']]);
  expect([...(relevantDocs as Map<string, Set<string>>)]).toEqual([
    ['q1', new Set(['d1', 'd3'])],
    ['q2', new Set(['d1'])],
  ]);
});

test('takes lists of documents, scores, numbers as ids and rows that come later', async () => {
  async function* later<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
    yield* rows;
  }
  const { relevantDocs } = await retrievalSetFromRows({
    corpus: later(tables.corpus),
    queries: later(tables.queries),
    qrels: later([
      { 'query-id': 'q1', 'corpus-id': ['d1', 4], score: 1 },
      { 'query-id': 'q1', 'corpus-id': 'd3', score: 0 },
    ]),
  });
  expect([...(relevantDocs as Map<string, Set<string>>)]).toEqual([['q1', new Set(['d1', '4'])]]);
});

test('names the table, the row and the column of what is wrong', async () => {
  expect(await refusal(() => retrievalSetFromRows({ ...tables, queries: [{ _id: 'q', query: 'x' }] }))).toBe(
    'retrieval-row-invalid: Expected a text in `text` of row 0 of `queries`, received no such column. Check which table was read.',
  );
  expect(await refusal(() => retrievalSetFromRows({ ...tables, corpus: [{ _id: null, text: 'x' }] }))).toBe(
    'retrieval-row-invalid: Expected an id in `_id` of row 0 of `corpus`, received null. Check which table was read.',
  );
  const qrels = [...tables.qrels, { 'query-id': 'q1' }];
  expect(await refusal(() => retrievalSetFromRows({ ...tables, qrels }))).toBe(
    'retrieval-row-invalid: Expected an id in `corpus-id` of row 3 of `qrels`, received no such column. Check which table was read.',
  );
});
