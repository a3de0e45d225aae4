import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { delimitedRecords } from './delimited-records.js';
import { describe } from './describe-value.js';
import { jsonObjects } from './json-lines.js';
import { listFolder } from './list-folder.js';
import { fileBytes } from './source-blocks.js';

/** Queries, documents and which documents answer which query: what a retrieval evaluator takes. */
export interface RetrievalData {
  readonly name: string;
  /** Texts by query id, in the order of the file; only queries with at least one relevant document. */
  readonly queries: ReadonlyMap<string, string>;
  /** Texts by document id, in the order of the file. */
  readonly corpus: ReadonlyMap<string, string>;
  /** The ids of the relevant documents by query id. */
  readonly relevantDocs: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Settings of {@link readRetrievalFolder}. */
export interface ReadRetrievalFolderOptions {
  /** Default: the folder's name. */
  readonly name?: string;
  /** Reads `qrels/<split>.tsv`. Default `test`, or the only file in `qrels`. */
  readonly split?: string;
  /** Put a document's title and a space before its text, as BEIR does; NanoBEIR does not. Default false. */
  readonly withTitle?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Reads a folder in BEIR layout: `corpus.jsonl` (`_id`, `text`, perhaps `title`), `queries.jsonl` (`_id`, `text`) and
 * `qrels/<split>.tsv` (header `query-id`, `corpus-id`, `score`). A document is relevant where its score is above 0.
 *
 * @throws EmbedbagError `folder-not-found`, `not-a-retrieval-folder`, `missing-split`, `empty-file`, and with file and line
 * in the message: `missing-column`, `missing-text`, `repeated-id`, `unknown-id`, `invalid-score`, `invalid-json`,
 * `wrong-field-count`, `invalid-csv`, `invalid-utf8`.
 *
 * @example
 * ```ts
 * const { queries, corpus, relevantDocs } = await readRetrievalFolder('data/scifact');
 * ```
 */
export async function readRetrievalFolder(
  folder: string,
  options: ReadRetrievalFolderOptions = {},
): Promise<RetrievalData> {
  const { signal, withTitle = false } = options;
  const qrels = await judgementsFile(folder, options.split);
  const corpus = await readTextsById(join(folder, 'corpus.jsonl'), withTitle, signal);
  const allQueries = await readTextsById(join(folder, 'queries.jsonl'), false, signal);
  const relevantDocs = await readJudgements(qrels, { corpus, queries: allQueries }, signal);
  const queries = new Map([...allQueries].filter(([id]) => relevantDocs.has(id)));
  return { name: options.name ?? basename(resolve(folder)), queries, corpus, relevantDocs };
}

/** Whether `path` is a folder in BEIR layout, by the names of the files in it. */
export async function isRetrievalFolder(path: string): Promise<boolean> {
  const names = new Set(await readdir(path).catch(() => []));
  return names.has('corpus.jsonl') && names.has('queries.jsonl') && names.has('qrels');
}

/**
 * The folders in BEIR layout at `path`: `path` itself if it is one, else those in it, sorted by name.
 *
 * @throws EmbedbagError `folder-not-found`, `not-a-folder`, `empty-folder`.
 */
export async function listRetrievalFolders(path: string): Promise<string[]> {
  const entries = await listFolder(path);
  if (await isRetrievalFolder(path)) return [path];
  const folders: string[] = [];
  for (const { name, isDirectory } of entries) {
    if (isDirectory && (await isRetrievalFolder(join(path, name)))) folders.push(join(path, name));
  }
  if (folders.length === 0) {
    throw new EmbedbagError({
      code: 'empty-folder',
      message: `Expected ${path} to be or to hold folders with corpus.jsonl, queries.jsonl and qrels/, received none. Check the path.`,
      details: { path },
    });
  }
  return folders;
}

async function judgementsFile(folder: string, split: string | undefined): Promise<string> {
  const names = (await listFolder(folder)).map((entry) => entry.name);
  const missing = ['corpus.jsonl', 'queries.jsonl', 'qrels'].filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new EmbedbagError({
      code: 'not-a-retrieval-folder',
      message: `Expected corpus.jsonl, queries.jsonl and the folder qrels in ${folder}, received a folder without ${missing.join(' and ')}. Check the path.`,
      details: { path: folder, missing },
    });
  }
  const files = (await listFolder(join(folder, 'qrels')))
    .map((entry) => entry.name)
    .filter((name) => name.endsWith('.tsv'));
  const wanted = `${split ?? 'test'}.tsv`;
  if (files.includes(wanted)) return join(folder, 'qrels', wanted);
  const only = files[0];
  if (split === undefined && files.length === 1 && only !== undefined) return join(folder, 'qrels', only);
  throw new EmbedbagError({
    code: 'missing-split',
    message: `Expected ${wanted} in ${join(folder, 'qrels')}, received ${files.join(', ') || 'no .tsv file'}. Choose one with \`split\`.`,
    details: { path: folder, expected: wanted, received: files },
  });
}

async function readTextsById(path: string, withTitle: boolean, signal?: AbortSignal): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for await (const rows of jsonObjects(fileBytes(path, signal), path)) {
    for (const { value, line } of rows) {
      const id = idText(value._id);
      if (id === undefined) throw wrongField('missing-text', { path, line, field: '_id', value: value._id });
      if (texts.has(id))
        throw idError('repeated-id', path, line, `a new \`_id\``, `\`${id}\` again`, 'Remove one of the two rows');
      if (typeof value.text !== 'string')
        throw wrongField('missing-text', { path, line, field: 'text', value: value.text });
      const title = withTitle && typeof value.title === 'string' ? value.title : '';
      texts.set(id, title === '' ? value.text : `${title} ${value.text}`.trim());
    }
  }
  if (texts.size > 0) return texts;
  throw new EmbedbagError({
    code: 'empty-file',
    message: `Expected at least one row in ${path}, received an empty file. Check how it was written.`,
    details: { path },
  });
}

/** Ids are strings; whole numbers are taken for the strings they print as. */
function idText(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

interface TextsById {
  readonly corpus: ReadonlyMap<string, string>;
  readonly queries: ReadonlyMap<string, string>;
}

const JUDGEMENT_COLUMNS = ['query-id', 'corpus-id', 'score'] as const;

async function readJudgements(path: string, texts: TextsById, signal?: AbortSignal): Promise<Map<string, Set<string>>> {
  const relevantDocs = new Map<string, Set<string>>();
  let indices: readonly number[] | undefined;
  for await (const { fields, line } of delimitedRecords(fileBytes(path, signal), path, {
    delimiter: '\t',
    quote: false,
  })) {
    if (indices === undefined) {
      indices = judgementColumns(fields, path);
      continue;
    }
    const [query = '', document = '', score = ''] = indices.map((index) => fields[index]);
    const value = score === '' ? Number.NaN : Number(score);
    if (!Number.isFinite(value)) throw wrongField('invalid-score', { path, line, field: 'score', value: score });
    if (value <= 0) continue;
    if (!texts.queries.has(query)) throw unknownId(path, line, query, 'queries.jsonl');
    if (!texts.corpus.has(document)) throw unknownId(path, line, document, 'corpus.jsonl');
    const relevant = relevantDocs.get(query);
    if (relevant === undefined) relevantDocs.set(query, new Set([document]));
    else relevant.add(document);
  }
  if (relevantDocs.size > 0) return relevantDocs;
  throw new EmbedbagError({
    code: 'empty-file',
    message: `Expected at least one row with a score above 0 in ${path}, received none. Check how it was written.`,
    details: { path },
  });
}

function judgementColumns(header: readonly string[], path: string): readonly number[] {
  const indices = JUDGEMENT_COLUMNS.map((name) => header.indexOf(name));
  if (!indices.includes(-1)) return indices;
  throw new EmbedbagError({
    code: 'missing-column',
    message: `Expected the header \`query-id\`, \`corpus-id\`, \`score\` with tabs between on line 1 of ${path}, received ${header.map((name) => `\`${name}\``).join(', ')}. Add that line.`,
    details: { path, received: header },
  });
}

interface WrongField {
  readonly path: string;
  readonly line: number;
  readonly field: string;
  readonly value: unknown;
}

function wrongField(code: string, { path, line, field, value }: WrongField): EmbedbagError {
  return new EmbedbagError({
    code,
    message: `Expected a ${field === 'score' ? 'number' : 'string'} in \`${field}\` on line ${line} of ${path}, received ${describe(value)}. Repair or remove that row.`,
    details: { path, line, column: field },
  });
}

function unknownId(path: string, line: number, id: string, file: string): EmbedbagError {
  return idError('unknown-id', path, line, `an id of ${file}`, `\`${id}\``, 'Add that row or remove this line');
}

function idError(
  code: string,
  path: string,
  line: number,
  expected: string,
  received: string,
  remedy: string,
): EmbedbagError {
  return new EmbedbagError({
    code,
    message: `Expected ${expected} on line ${line} of ${path}, received ${received}. ${remedy}.`,
    details: { path, line },
  });
}
