import type { ContrastiveProblem } from './contrastive-problem.js';
import { EmbedbagError } from './embedbag-error.js';

/** A {@link ContrastiveProblem} whose columns are of any type that has a length. */
export type CheckedProblem = Omit<ContrastiveProblem, 'columns'> & { readonly columns: readonly ArrayLike<number>[] };

function mismatch(what: string, expected: string, received: number | string, remedy: string): never {
  throw new EmbedbagError({
    code: 'invalid-contrastive-problem',
    message: `Expected ${what} to be ${expected}, received ${received}. ${remedy}`,
    details: { received },
  });
}

function checkTerms(problem: CheckedProblem): void {
  const seen = new Set<number>();
  for (const { dim } of problem.terms) {
    if (!Number.isInteger(dim) || dim < 1 || dim > problem.dimension) {
      mismatch(
        '`dim`',
        `a whole number from 1 to the ${problem.dimension} dimensions of the embeddings`,
        dim,
        'Drop it.',
      );
    }
    if (seen.has(dim)) mismatch('`dim`', 'in `terms` once', `${dim} twice`, 'Add the two weights instead.');
    seen.add(dim);
  }
}

function checkBlocks(problem: CheckedProblem): void {
  const count = problem.columns.length;
  if (problem.blocks.length === 0) mismatch('`blocks`', 'at least one block', 0, 'Add (anchor, positive).');
  for (const { queries, candidates } of problem.blocks) {
    for (const column of [queries, candidates]) {
      if (Number.isInteger(column) && column >= 0 && column < count) continue;
      mismatch("a block's column", `from 0 to ${count - 1}`, column, 'Give the loss as many columns as it names.');
    }
  }
}

function checkRowsAtOnce({ rowsAtOnce }: CheckedProblem): void {
  if (rowsAtOnce === undefined || (Number.isInteger(rowsAtOnce) && rowsAtOnce >= 1)) return;
  mismatch('`rowsAtOnce`', 'a whole number from 1', rowsAtOnce, 'Leave it out for the fastest.');
}

function checkProducts({ products }: CheckedProblem): void {
  if (products === undefined || products === 'float32' || products === 'int16') return;
  mismatch('`products`', '`float32` or `int16`', `\`${String(products)}\``, 'Leave it out for `float32`.');
}

function checkGuide({ guide, rows, columns, blocks }: CheckedProblem): void {
  if (!guide) return;
  if (blocks.some(({ partition }) => partition !== 0)) {
    mismatch('`partition`', '0 in all blocks of a problem with a guide', 'others', 'Use one joint partition.');
  }
  if (guide.columns.length !== columns.length) {
    const received = guide.columns.length;
    mismatch("the guide's `columns`", `one matrix for each of ${columns.length} columns`, received, 'Give each one.');
  }
  const length = rows * guide.dimension;
  for (const column of guide.columns) {
    if (column.length >= length && guide.dimension > 0) continue;
    const expected = `${rows} x ${guide.dimension} = ${length} values, and above 0`;
    mismatch('every column of the guide', expected, column.length, 'Fill it.');
  }
}

function checkTextIds({ textIds, rows, columns }: CheckedProblem): void {
  if (!textIds) return;
  if (textIds.length !== columns.length || columns.length < 2) {
    mismatch(
      '`textIds`',
      `one array for each of ${columns.length} columns, at least 2`,
      textIds.length,
      'Give each one.',
    );
  }
  for (const ids of textIds) {
    if (ids.length < rows) mismatch('every array of `textIds`', `${rows} numbers`, ids.length, 'Give one a row.');
  }
}

/**
 * Throws `invalid-contrastive-problem` where a problem's sizes do not fit together.
 *
 * Every backend calls this first, so that all refuse the same problems in the same words.
 */
export function checkContrastive(problem: CheckedProblem, gradients?: readonly ArrayLike<number>[]): void {
  const length = problem.rows * problem.dimension;
  checkBlocks(problem);
  checkTerms(problem);
  checkRowsAtOnce(problem);
  checkProducts(problem);
  checkGuide(problem);
  checkTextIds(problem);
  for (const column of problem.columns) {
    if (column.length >= length) continue;
    mismatch('every column', `${problem.rows} x ${problem.dimension} = ${length} values`, column.length, 'Fill it.');
  }
  if (!gradients) return;
  if (gradients.length !== problem.columns.length) {
    mismatch(
      '`gradients`',
      `one matrix for each of ${problem.columns.length} columns`,
      gradients.length,
      'Give each one.',
    );
  }
  for (const gradient of gradients) {
    if (gradient.length >= length) continue;
    mismatch(
      'every gradient',
      `${problem.rows} x ${problem.dimension} = ${length} values`,
      gradient.length,
      'Enlarge it.',
    );
  }
}
