import { EmbedbagError } from '@embedbag/core';
import {
  type Data,
  Field,
  FixedSizeList,
  type Float32,
  type Int8,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  type Uint8,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { type EmbeddingRows, rowValues } from './embedding-rows.js';

/** Settings of {@link embeddingsToArrow}. */
export interface EmbeddingsToArrowOptions {
  /** The text of each row; adds the column `text` before `embedding`. */
  readonly texts?: readonly string[];
}

/**
 * The embeddings as the bytes of an Arrow IPC file (Feather version 2): a column `embedding` of fixed-size lists of
 * float32, int8 or uint8 after the array given, and with `texts` a column `text`.
 *
 * @throws EmbedbagError `matrix-too-short`, `column-length-mismatch`.
 *
 * @example
 * ```ts
 * await writeFile('embeddings.arrow', embeddingsToArrow({ data: new Float32Array(6), rows: 2, columns: 3 }));
 * ```
 */
export function embeddingsToArrow(matrix: EmbeddingRows, options: EmbeddingsToArrowOptions = {}): Uint8Array {
  return tableToIPC(embeddingTable(matrix, options), 'file');
}

/** The table of embeddings, and of their texts where there are any. @throws EmbedbagError as {@link embeddingsToArrow}. */
export function embeddingTable(matrix: EmbeddingRows, { texts }: EmbeddingsToArrowOptions): Table {
  const embedding = new Vector([embeddingLists(matrix)]);
  if (texts === undefined) return new Table({ embedding });
  requireTexts(texts, matrix.rows);
  return new Table({ text: vectorFromArray(texts, new Utf8()), embedding });
}

/** @throws EmbedbagError `column-length-mismatch`. */
export function requireTexts(texts: readonly string[], rows: number): void {
  if (texts.length === rows) return;
  throw new EmbedbagError({
    code: 'column-length-mismatch',
    message: `Expected one text for each of the ${rows} embeddings, received ${texts.length}. Give the texts that were embedded, in their order.`,
    details: { limit: rows, received: texts.length },
  });
}

function embeddingLists(matrix: EmbeddingRows): Data<FixedSizeList> {
  // A copy: Arrow does not take shared memory, where kernels keep their matrices.
  const values = rowValues(matrix).slice();
  const child = makeVector(values).data[0] as Data<Float32 | Int8 | Uint8>;
  const type = new FixedSizeList(matrix.columns, new Field('item', child.type, false));
  return makeData({ type, length: matrix.rows, nullCount: 0, child });
}
