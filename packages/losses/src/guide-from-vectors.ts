import { EmbedbagError, type Matrix, type TextGuide, type TextPlace } from '@embedbag/core';

function missing(expected: string, received: string, place: TextPlace): EmbedbagError {
  const { dataset, column } = place;
  return new EmbedbagError({
    code: 'missing-vectors',
    message: `Expected vectors for ${expected} of dataset \`${dataset}\`, received ${received}. Embed every column of every dataset before the run.`,
    details: { dataset, column },
  });
}

/**
 * A guide with embeddings that were made before the run: by dataset name, one matrix `[rowCount, dimension]` a text column,
 * row `i` for the dataset's row `i`. Matrices are borrowed for as long as the guide is in use.
 *
 * A dataset is embedded once instead of once an epoch, by whatever model, and can be kept on disk between runs.
 *
 * Its calls throw EmbedbagError `missing-vectors` for a dataset, a column or a row that has none.
 *
 * @example
 * ```ts
 * const teacher = guideFromVectors({ questions: [anchorVectors, positiveVectors] });
 * const loss = embeddingDistillationLoss({ teacher });
 * ```
 */
export function guideFromVectors(vectors: Readonly<Record<string, readonly Matrix[]>>): TextGuide {
  return (_texts, _signal, place): Matrix => {
    const { dataset, column, rows } = place;
    const matrices = Object.hasOwn(vectors, dataset) ? vectors[dataset] : undefined;
    if (!matrices) throw missing('the columns', `those of ${Object.keys(vectors).join(', ') || 'no dataset'}`, place);
    const matrix = matrices[column];
    if (!matrix) throw missing(`column ${column}`, `${matrices.length} columns`, place);
    const { columns } = matrix;
    const data = new Float32Array(rows.length * columns);
    for (const [i, row] of rows.entries()) {
      if (row >= matrix.rows) throw missing(`row ${row} in column ${column}`, `${matrix.rows} rows`, place);
      data.set(matrix.data.subarray(row * columns, (row + 1) * columns), i * columns);
    }
    return { data, rows: rows.length, columns };
  };
}
