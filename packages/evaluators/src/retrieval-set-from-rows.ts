import { EmbedbagError } from '@embedbag/core';
import type { RetrievalSet } from './retrieval-task.js';

/** Rows of a table, by column. */
export type TableRows = Iterable<Readonly<Record<string, unknown>>> | AsyncIterable<Readonly<Record<string, unknown>>>;

/** The three tables of a retrieval dataset on the Hugging Face Hub. */
export interface RetrievalTables {
  /** Default: none. */
  readonly name?: string;
  /** `_id`, `text`. Other columns, such as `title`, are not used. */
  readonly corpus: TableRows;
  /** `_id`, `text`. */
  readonly queries: TableRows;
  /** `query-id` and `corpus-id`, an id or a list of them; with a `score`, only rows above 0 count. */
  readonly qrels: TableRows;
}

function wrongValue(table: string, row: number, column: string, expected: string, value: unknown): EmbedbagError {
  const received = value === undefined ? 'no such column' : (JSON.stringify(value) ?? String(value));
  return new EmbedbagError({
    code: 'retrieval-row-invalid',
    message: `Expected ${expected} in \`${column}\` of row ${row} of \`${table}\`, received ${received}. Check which table was read.`,
    details: { table, row, column },
  });
}

function idOf(value: unknown, table: string, row: number, column: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw wrongValue(table, row, column, 'an id', value);
}

async function textsById(rows: TableRows, table: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  let row = 0;
  for await (const { _id: id, text } of rows) {
    if (typeof text !== 'string') throw wrongValue(table, row, 'text', 'a text', text);
    texts.set(idOf(id, table, row, '_id'), text);
    row += 1;
  }
  return texts;
}

async function relevantById(rows: TableRows): Promise<Map<string, Set<string>>> {
  const relevant = new Map<string, Set<string>>();
  let row = 0;
  for await (const { 'query-id': query, 'corpus-id': documents, score } of rows) {
    const queryId = idOf(query, 'qrels', row, 'query-id');
    const ids = relevant.get(queryId) ?? new Set<string>();
    relevant.set(queryId, ids);
    const isRelevant = score === undefined || score === null || Number(score) > 0;
    for (const id of Array.isArray(documents) ? documents : [documents]) {
      if (isRelevant) ids.add(idOf(id, 'qrels', row, 'corpus-id'));
    }
    row += 1;
  }
  return relevant;
}

/**
 * A retrieval set from tables in the layout of `sentence-transformers/NanoBEIR-en`.
 *
 * Only `text` is used. Empty texts are left out, but not those of documents that are relevant to a query.
 * Throws `retrieval-row-invalid`, which names the table, the row from 0 and the column.
 *
 * @example
 * ```ts
 * const set = await retrievalSetFromRows({
 *   name: 'baking',
 *   corpus: [{ _id: 'd1', text: 'Bread bakes for 40 minutes.' }],
 *   queries: [{ _id: 'q1', text: 'how long does bread bake' }],
 *   qrels: [{ 'query-id': 'q1', 'corpus-id': 'd1' }],
 * });
 * ```
 */
export async function retrievalSetFromRows({ name, corpus, queries, qrels }: RetrievalTables): Promise<RetrievalSet> {
  const relevantDocs = await relevantById(qrels);
  const needed = new Set([...relevantDocs.values()].flatMap((ids) => [...ids]));
  const documents = await textsById(corpus, 'corpus');
  for (const [id, text] of documents) if (text === '' && !needed.has(id)) documents.delete(id);
  const queryTexts = await textsById(queries, 'queries');
  for (const [id, text] of queryTexts) if (text === '') queryTexts.delete(id);
  return { ...(name !== undefined && { name }), corpus: documents, queries: queryTexts, relevantDocs };
}
