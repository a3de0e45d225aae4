import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bm25Baseline } from './bm25-baseline.js';

const tiny = {
  queries: { q1: 'red Fox', q2: 'unjudged' },
  corpus: { d2: 'A red fox.', d10: 'The red fox', d1: 'A blue whale', d3: 'red' },
  relevantDocs: { q1: ['d2', 'd1'] },
};

test('judges the ranking of the formula, equal scores by ascending id', () => {
  // d10 and d2 have the same score and d10 is the lower id; d3 follows; d1 shares no word.
  const { metrics } = bm25Baseline(tiny);
  expect(metrics['accuracy@1']).toBe(0);
  expect(metrics['mrr@10']).toBe(1 / 2);
  expect(metrics['recall@10']).toBe(1 / 2);
  expect(metrics['map@100']).toBe(1 / 2 / 2);
});

test('takes words from `tokenize` and ranks from the cutoffs', () => {
  const { metrics } = bm25Baseline({ ...tiny, tokenize: (text) => [...text], mrrAtK: [3] });
  expect(metrics['recall@10']).toBe(1);
  expect(metrics).toHaveProperty('mrr@3');
  expect(metrics).not.toHaveProperty('mrr@10');
});

test('refuses constants out of range', () => {
  expect(() => bm25Baseline({ ...tiny, b: 1.5 })).toThrow(
    'Expected `b` to be a number from 0 to 1, received 1.5. Leave it out for the default.',
  );
  expect(() => bm25Baseline({ ...tiny, k1: Number.NaN })).toThrow(
    'Expected `k1` to be a number from 0 to 1000, received NaN. Leave it out for the default.',
  );
});

const folder = new URL('../../../../shared/data/english/eval/scifact/', import.meta.url);

describe.skipIf(!existsSync(folder))('on SciFact', () => {
  interface Line {
    readonly _id: string;
    readonly title?: string;
    readonly text: string;
  }
  const lines = (file: string): string[] => readFileSync(new URL(file, folder), 'utf8').split('\n').filter(Boolean);

  test('NDCG@10 is what BM25 is known to get, titles included, and a little less without', () => {
    const documents = lines('corpus.jsonl').map((line): Line => JSON.parse(line));
    const queries = new Map(
      lines('queries.jsonl')
        .map((line): Line => JSON.parse(line))
        .map(({ _id, text }) => [_id, text]),
    );
    const relevantDocs: Record<string, string[]> = {};
    for (const line of lines('qrels/test.tsv').slice(1)) {
      const [query, document, grade] = line.split('\t');
      if (Number(grade) > 0) relevantDocs[query!] = [...(relevantDocs[query!] ?? []), document!];
    }
    const ndcg = (textOf: (document: Line) => string): number =>
      bm25Baseline({ queries, corpus: new Map(documents.map((each) => [each._id, textOf(each)])), relevantDocs })
        .metrics['ndcg@10']!;
    const withTitles = ndcg(({ title, text }) => `${title} ${text}`);
    expect(withTitles).toBeGreaterThan(0.655);
    expect(withTitles).toBeLessThan(0.685);
    const textsOnly = ndcg(({ text }) => text);
    expect(textsOnly).toBeGreaterThan(0.64);
    expect(textsOnly).toBeLessThan(withTitles);
  });
});
