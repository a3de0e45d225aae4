import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bm25Index, type Bm25Parameters } from './bm25-index.js';

/** The formula as it stands, document by document. */
function plainScore(
  texts: readonly (readonly string[])[],
  query: readonly string[],
  document: number,
  { k1, b }: Bm25Parameters,
): number {
  const meanLength = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  return query.reduce((sum, word) => {
    const holders = texts.filter((text) => text.includes(word)).length;
    const count = texts[document]!.filter((each) => each === word).length;
    const idf = Math.log(1 + (texts.length - holders + 0.5) / (holders + 0.5));
    if (count === 0) return sum;
    return sum + (idf * count) / (count + k1 * (1 - b + (b * texts[document]!.length) / meanLength));
  }, 0);
}

const word = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const texts = fc.array(fc.array(word, { maxLength: 6 }), { minLength: 1, maxLength: 30, size: 'max' });

test('finds what the formula finds, document by document', () => {
  const parameters = fc.record({ k1: fc.constantFrom(0, 0.9, 1.2), b: fc.constantFrom(0, 0.4, 1) });
  fc.assert(
    fc.property(
      texts,
      fc.array(word, { maxLength: 4 }),
      parameters,
      fc.integer({ min: 1, max: 6 }),
      (all, query, constants, k) => {
        const expected = all
          .map((_, document) => ({ document, score: plainScore(all, query, document, constants) }))
          .filter(({ score }) => score > 0)
          .sort((left, right) => right.score - left.score || left.document - right.document)
          .slice(0, k);
        const index = new Bm25Index(all, constants);
        expect([...index.search(query, k)]).toEqual(expected.map(({ document }) => document));
        // The scores of one query must not be left in those of the next.
        expect([...index.search(query, k)]).toEqual(expected.map(({ document }) => document));
      },
    ),
    { numRuns: 500 },
  );
});

test('a rare word counts more than a common one, and a short document more than a long one', () => {
  const index = new Bm25Index(
    [
      ['common', 'x', 'y'],
      ['common', 'rare'],
      ['common', 'z', 'z', 'z', 'z'],
      ['rare', 'long', 'w', 'w', 'w'],
    ],
    {
      k1: 1.2,
      b: 0.75,
    },
  );
  expect([...index.search(['common', 'rare'], 4)]).toEqual([1, 3, 0, 2]);
});

test('documents without a word of the query are not found', () => {
  const index = new Bm25Index([['a'], [], ['b']], { k1: 1.2, b: 0.75 });
  expect([...index.search(['b', 'nowhere'], 10)]).toEqual([2]);
  expect([...index.search([], 10)]).toEqual([]);
});

test('of equal scores the lower number comes first, also where it is found late', () => {
  const index = new Bm25Index([...Array(5).fill(['late']), ...Array(5).fill(['early'])], { k1: 1.2, b: 0.75 });
  expect([...index.search(['early', 'late'], 1)]).toEqual([0]);
});
