import { EmbedbagError, type Matrix, type TextGuide } from '@embedbag/core';

/**
 * The model that is distilled: the guide of the losses, `(texts, signal) => embeddings`, which may know single tokens too.
 *
 * @example
 * ```ts
 * const teacher: Teacher = guideFromModel(await StaticEmbedding.load('first-run/final'));
 * ```
 */
export interface Teacher extends TextGuide {
  /**
   * Embeds tokens of the teacher's own vocabulary that are no text of their own, such as `##ing`; one embedding a token.
   * Default: they are embedded as the texts they stand for, `ing`.
   */
  readonly tokens?: TextGuide;
}

/** Throws `teacher-shape` where `matrix` is not one embedding of `columns` numbers for each of `rows` texts. */
export function checkEmbeddings(matrix: Matrix, rows: number, columns: number | undefined): void {
  const isWhole = matrix.rows === rows && matrix.columns > 0 && matrix.data.length >= rows * matrix.columns;
  if (!isWhole || (columns !== undefined && matrix.columns !== columns)) {
    throw new EmbedbagError({
      code: 'teacher-shape',
      message: `Expected the teacher to give ${rows} embeddings of ${columns ?? 'some'} dimensions for ${rows} texts, received ${matrix.rows} of ${matrix.columns}. Take a teacher that gives one embedding a text, all of one dimension.`,
      details: { rows, columns: columns ?? null, receivedRows: matrix.rows, receivedColumns: matrix.columns },
    });
  }
  for (let index = 0; index < rows * matrix.columns; index++) {
    if (Number.isFinite(matrix.data[index])) continue;
    throw new EmbedbagError({
      code: 'teacher-not-finite',
      message: `Expected the teacher to give finite numbers, received ${matrix.data[index]} for text ${Math.floor(index / matrix.columns)} of a batch. Check the teacher with that text.`,
    });
  }
}
