import { EmbedbagError, type LossPrepareInput, type Matrix } from '@embedbag/core';

/** Where the texts that a {@link TextGuide} gets stand: what a guide with embeddings made before the run goes by. */
export interface TextPlace {
  /** The dataset's name. */
  readonly dataset: string;
  /** The column in that dataset: 0 the anchors, 1 the positives, ... */
  readonly column: number;
  /** The row number of every text. */
  readonly rows: Int32Array;
}

/**
 * A second model that a loss asks about its texts: the guide of `gistEmbedLoss`, the teacher of `embeddingDistillationLoss`.
 *
 * It returns one embedding a text, `[texts, dimension]`, of the same dimension at every call; the loss keeps them for one
 * step and changes nothing. It is asked once a column and step, and may do what takes time: run a transformer, read a file.
 *
 * @example
 * ```ts
 * const lengths: TextGuide = (texts) => {
 *   return { data: Float32Array.from(texts, (text) => text.length), rows: texts.length, columns: 1 };
 * };
 * ```
 */
export type TextGuide = (
  texts: readonly string[],
  signal: AbortSignal | undefined,
  place: TextPlace,
) => Matrix | Promise<Matrix>;

/** The embeddings that a guide gave for a batch. */
export interface GuideEmbeddings {
  /** By column, `[rows, dimension]`. */
  readonly columns: readonly Float32Array[];
  readonly dimension: number;
}

function wrongShape(option: string, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'guide-shape',
    message: `Expected \`${option}\` to return ${expected}, received ${received}. Return one embedding a text, all of one dimension.`,
    details: { option },
  });
}

/** Asks `guide` for the embeddings of every column of a batch; throws `guide-shape` where they do not fit the texts. */
export async function askGuide(
  option: string,
  guide: TextGuide,
  input: LossPrepareInput,
  signal: AbortSignal | undefined,
): Promise<GuideEmbeddings> {
  const columns: Float32Array[] = [];
  let dimension: number | undefined;
  for (const [column, texts] of input.texts.entries()) {
    signal?.throwIfAborted();
    const matrix = await guide(texts, signal, { dataset: input.dataset, column, rows: input.rows });
    if (matrix.rows !== texts.length) {
      throw wrongShape(option, `${texts.length} rows for ${texts.length} texts`, `${matrix.rows}`);
    }
    dimension ??= matrix.columns;
    if (matrix.columns !== dimension) {
      throw wrongShape(option, `${dimension} dimensions as for the column before`, `${matrix.columns}`);
    }
    const length = matrix.rows * dimension;
    if (matrix.data.length < length) throw wrongShape(option, `${length} values`, `${matrix.data.length}`);
    columns.push(matrix.data.subarray(0, length));
  }
  return { columns, dimension: dimension ?? 0 };
}
