import { expect, test } from 'vitest';
import { embeddedData } from './embedded-data.js';

test('the default data are thousands of documented symbols, and no held-out symbol is trained on', async () => {
  const { datasets, retrievalSets, documents, tokenizer } = await embeddedData(new AbortController().signal);
  const [dataset] = datasets;
  const [set] = retrievalSets;
  expect(dataset?.rowCount).toBeGreaterThan(6000);
  expect(set?.queries.size).toBeGreaterThan(500);
  expect(set?.corpus.size).toBe(documents.length);
  const all = Array.from({ length: dataset?.rowCount ?? 0 }, (_, row) => row);
  const trainedAnchors = new Set(await dataset?.texts(0, all));
  const trainedTexts = new Set(await dataset?.texts(1, all));
  for (const [id, query] of set?.queries ?? []) {
    expect(trainedAnchors.has(query)).toBe(false);
    for (const relevant of set?.relevantDocs.get(id) ?? []) {
      expect(trainedTexts.has(set?.corpus.get(relevant) ?? '')).toBe(false);
    }
  }
  expect(tokenizer.vocabularySize).toBeLessThanOrEqual(12_000);
});
