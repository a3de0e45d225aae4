import { EmbedbagError, type LossPrepareInput, type TextGuide } from '@embedbag/core';

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

/** Returns `guide`; throws `invalid-loss-option` where it is none, as where a model was given itself. */
export function checkGuide(option: string, guide: TextGuide): TextGuide {
  if (typeof guide === 'function') return guide;
  throw new EmbedbagError({
    code: 'invalid-loss-option',
    message: `Expected \`${option}\` to be a function of texts, received ${guide === null ? 'null' : typeof guide}. Make one with \`guideFromModel(model)\`, or with \`guideFromVectors\` of embeddings.`,
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
