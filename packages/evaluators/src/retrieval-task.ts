import { EmbedbagError } from '@embedbag/core';
import { compareByCodePoints } from './code-point-order.js';

/** Texts by id. */
export type TextsById = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** The ids of the relevant documents by query id. */
export type RelevantDocs =
  | ReadonlyMap<string, ReadonlySet<string> | readonly string[]>
  | Readonly<Record<string, ReadonlySet<string> | readonly string[]>>;

/** What to search for, where, and what should be found. `RetrievalData` of `@embedbag/datasets` is one. */
export interface RetrievalSet {
  /** Stands before every key, with `_`. Default: none. */
  readonly name?: string;
  readonly queries: TextsById;
  readonly corpus: TextsById;
  /** Queries that have none are left out. Grades are not known: a document is relevant or it is not. */
  readonly relevantDocs: RelevantDocs;
}

/** A {@link RetrievalSet} in numbers: documents are counted in ascending order of their ids. */
export interface RetrievalTask {
  readonly name: string;
  /** Ids of the queries that have a relevant document. */
  readonly queryIds: readonly string[];
  /** Their texts. */
  readonly queries: readonly string[];
  readonly documentIds: readonly string[];
  readonly documents: readonly string[];
  /** By query: the numbers of its relevant documents. */
  readonly relevant: readonly ReadonlySet<number>[];
}

function entriesOf<Value>(byId: ReadonlyMap<string, Value> | Readonly<Record<string, Value>>): [string, Value][] {
  return byId instanceof Map ? [...byId] : Object.entries(byId as Readonly<Record<string, Value>>);
}

function requireSome(count: number, option: 'queries' | 'corpus'): void {
  if (count > 0) return;
  throw new EmbedbagError({
    code: `empty-${option}`,
    message: `Expected \`${option}\` to hold at least one text, received none. Check what was read.`,
    details: { received: 0 },
  });
}

/** Checks a retrieval set and counts it through; throws `empty-queries`, `empty-corpus`, `no-relevant-documents`, `unknown-document`. */
export function retrievalTask({ name = '', queries, corpus, relevantDocs }: RetrievalSet): RetrievalTask {
  const queryEntries = entriesOf(queries);
  requireSome(queryEntries.length, 'queries');
  const documents = entriesOf(corpus).sort(([a], [b]) => compareByCodePoints(a, b));
  requireSome(documents.length, 'corpus');
  const numberOf = new Map(documents.map(([id], number) => [id, number]));
  const judgements = new Map(entriesOf(relevantDocs));

  const queryIds: string[] = [];
  const texts: string[] = [];
  const relevant: Set<number>[] = [];
  for (const [queryId, text] of queryEntries) {
    const ids = [...(judgements.get(queryId) ?? [])];
    if (ids.length === 0) continue;
    queryIds.push(queryId);
    texts.push(text);
    relevant.push(new Set(ids.map((id) => numberOf.get(id) ?? throwUnknown(id, queryId))));
  }
  if (texts.length > 0) {
    const [documentIds, documentTexts] = [0, 1].map((part) => documents.map((entry) => entry[part]!));
    return { name, queryIds, queries: texts, documentIds: documentIds!, documents: documentTexts!, relevant };
  }
  throw new EmbedbagError({
    code: 'no-relevant-documents',
    message: `Expected \`relevantDocs\` to name a document for at least one of ${queryEntries.length} queries, received none. Check that both use the same query ids.`,
    details: { queries: queryEntries.length, judgedQueries: judgements.size },
  });
}

function throwUnknown(documentId: string, queryId: string): never {
  throw new EmbedbagError({
    code: 'unknown-document',
    message: `Expected the relevant documents of query \`${queryId}\` to be in \`corpus\`, received \`${documentId}\`, which is not. Add the document or take it out of \`relevantDocs\`.`,
    details: { query: queryId, document: documentId },
  });
}
