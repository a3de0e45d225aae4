import { EmbedbagError, type Matrix, type Tokenizer } from '@embedbag/core';
import type { Teacher } from './teacher.js';

/**
 * A teacher whose token vectors were made elsewhere, such as by a Python script or another model: row i of `vectors` is the
 * token with id i of `tokenizer`. A token that the tokenizer does not have, and a text, has the mean of its tokens' rows.
 *
 * `vectors` is borrowed for as long as the teacher is in use.
 *
 * @throws EmbedbagError `vectors-count-mismatch`.
 *
 * @example
 * ```ts
 * const teacher = teacherFromVectors(await readVectors('token-vectors.npy'), { tokenizer });
 * const { model } = await distill(teacher, { tokenizer, teacherName: 'token-vectors.npy' });
 * ```
 */
export function teacherFromVectors(vectors: Matrix, { tokenizer }: { readonly tokenizer: Tokenizer }): Teacher {
  const { rows, columns } = vectors;
  if (rows !== tokenizer.vocabularySize) {
    throw new EmbedbagError({
      code: 'vectors-count-mismatch',
      message: `Expected a vector for each of the tokenizer's ${tokenizer.vocabularySize} tokens, received ${rows}. Give the vectors in the order of the ids, or the tokenizer that they were made with.`,
      details: { tokens: tokenizer.vocabularySize, vectors: rows },
    });
  }
  const meanOf = (ids: ArrayLike<number>, out: Float32Array): void => {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let index = 0; index < ids.length; index++) sum += vectors.data[ids[index]! * columns + column]!;
      out[column] = ids.length === 0 ? 0 : sum / ids.length;
    }
  };
  const idsOf = (text: string): Int32Array => {
    const { ids, offsets } = tokenizer.tokenize([text]);
    return ids.subarray(0, offsets[1]);
  };
  const embed = (texts: readonly string[], asTokens: boolean): Matrix => {
    const data = new Float32Array(texts.length * columns);
    for (const [row, text] of texts.entries()) {
      const id = asTokens ? tokenizer.tokenToId(text) : undefined;
      meanOf(id === undefined ? idsOf(text) : [id], data.subarray(row * columns, (row + 1) * columns));
    }
    return { data, rows: texts.length, columns };
  };
  return Object.assign((texts: readonly string[]) => embed(texts, false), {
    tokens: (tokens: readonly string[]) => embed(tokens, true),
  });
}
