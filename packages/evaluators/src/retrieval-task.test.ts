import { isEmbedbagError } from '@embedbag/core';
import { expect, test } from 'vitest';
import { retrievalTask } from './retrieval-task.js';

const queries = { q1: 'one', q2: 'two', q3: 'three' };
const corpus = { d9: 'nine', d10: 'ten', d1: 'first' };

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (isEmbedbagError(error)) return error.code;
  }
  return undefined;
}

test('counts documents by ascending id and leaves out queries without relevant documents', () => {
  const task = retrievalTask({ name: 'tiny', queries, corpus, relevantDocs: { q3: ['d9', 'd9', 'd1'], q2: [] } });
  expect(task).toEqual({
    name: 'tiny',
    queryIds: ['q3'],
    queries: ['three'],
    documentIds: ['d1', 'd10', 'd9'],
    documents: ['first', 'ten', 'nine'],
    relevant: [new Set([2, 0])],
  });
});

test('takes maps and sets as well as records and lists', () => {
  const relevantDocs = { q1: ['d1'], q2: ['d10', 'd9'] };
  const asMaps = {
    queries: new Map(Object.entries(queries)),
    corpus: new Map(Object.entries(corpus)),
    relevantDocs: new Map(Object.entries(relevantDocs).map(([id, ids]) => [id, new Set(ids)])),
  };
  expect(retrievalTask(asMaps)).toEqual(retrievalTask({ queries, corpus, relevantDocs }));
});

test('does not mind judgements of queries it is not asked', () => {
  expect(retrievalTask({ queries, corpus, relevantDocs: { q1: ['d1'], other: ['nowhere'] } }).queries).toEqual(['one']);
});

test('refuses what cannot be measured, each with its own code', () => {
  expect(codeOf(() => retrievalTask({ queries: {}, corpus, relevantDocs: {} }))).toBe('empty-queries');
  expect(codeOf(() => retrievalTask({ queries, corpus: new Map(), relevantDocs: {} }))).toBe('empty-corpus');
  expect(codeOf(() => retrievalTask({ queries, corpus, relevantDocs: { q1: [] } }))).toBe('no-relevant-documents');
  expect(() => retrievalTask({ queries, corpus, relevantDocs: { other: ['d1'] } })).toThrow(
    'Expected `relevantDocs` to name a document for at least one of 3 queries, received none. Check that both use the same query ids.',
  );
  expect(() => retrievalTask({ queries: {}, corpus, relevantDocs: {} })).toThrow(
    'Expected `queries` to hold at least one text, received none. Check what was read.',
  );
});

test('names the query and the document where a relevant document is not in the corpus', () => {
  const action = (): unknown => retrievalTask({ queries, corpus, relevantDocs: { q2: ['d1', 'd77'] } });
  expect(codeOf(action)).toBe('unknown-document');
  expect(action).toThrow(
    'Expected the relevant documents of query `q2` to be in `corpus`, received `d77`, which is not. Add the document or take it out of `relevantDocs`.',
  );
});
