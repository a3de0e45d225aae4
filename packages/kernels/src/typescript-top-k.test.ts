import { expect, test } from 'vitest';
import { topK } from './typescript-top-k.js';

const matrix = { data: new Float32Array(12), rows: 3, columns: 4 };

test('topK refuses matrices of different width and a dimension that they do not have', () => {
  const narrow = { ...matrix, rows: 4, columns: 3 };
  expect(() => topK({ queries: matrix, documents: narrow, k: 1, similarity: 'dot' })).toThrow(
    'Expected `queries` and `documents` to have the same number of columns, received 4 and 3. Encode both with one model.',
  );
  for (const dimension of [0, 5, 1.5]) {
    expect(() => topK({ queries: matrix, documents: matrix, k: 1, similarity: 'dot', dimension })).toThrow(
      `Expected \`dimension\` to be a whole number from 1 to 4, received ${dimension}. Compare at most the columns that the matrices have.`,
    );
  }
});
