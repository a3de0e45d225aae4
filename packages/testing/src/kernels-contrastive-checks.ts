import {
  type ContrastiveBlock,
  type ContrastiveGuide,
  type ContrastiveProblem,
  type ContrastiveProducts,
  createRandom,
  type Kernels,
  type MatryoshkaTerm,
  type Random,
} from '@embedbag/core';
import { expect } from 'vitest';
import { expectClose, largest } from './expect-close.js';
import { guardArrays, PLACES, type Place } from './guarded-array.js';
import { type KernelsCheck, kernelsCheck, normals } from './kernels-check.js';
import { naiveContrastive } from './naive-contrastive.js';

type Hardness = NonNullable<ContrastiveBlock['hardness']>;

/** One problem to compare, made from a seed. */
interface Shape {
  readonly rows: number;
  readonly dimension: number;
  readonly columnCount?: number;
  readonly blocks?: readonly ContrastiveBlock[];
  readonly terms?: readonly MatryoshkaTerm[];
  readonly scale?: number;
  /** Share of the candidates in columns from 2 on that have no text. */
  readonly invalidShare?: number;
  /** How many different texts there are, all columns together. */
  readonly textCount?: number;
  readonly rowsAtOnce?: number;
  readonly products?: ContrastiveProducts;
  /** A guide with embeddings of its own. */
  readonly guide?: Omit<ContrastiveGuide, 'columns'>;
  /** Changes the random columns before they are placed. */
  readonly alter?: (columns: Float32Array[]) => void;
}

function block(queries: number, candidates: number, partition = 0, hardness?: Hardness): ContrastiveBlock {
  const removeDiagonal = queries === candidates || (queries === 1 && candidates > 0);
  return { queries, candidates, partition, removeDiagonal, ...(hardness ? { hardness } : {}) };
}

/** A block whose entries only a guide removes. */
function guidedBlock(queries: number, candidates: number): ContrastiveBlock {
  return { queries, candidates, partition: 0, removeDiagonal: false };
}

/** An anchor against every other column. */
function queryToDoc(columnCount: number): ContrastiveBlock[] {
  return Array.from({ length: columnCount - 1 }, (_, index) => block(0, index + 1));
}

/** All four directions in one softmax. */
function allDirections(columnCount: number): ContrastiveBlock[] {
  const documents = Array.from({ length: columnCount - 1 }, (_, index) => index + 1);
  return [...queryToDoc(columnCount), block(0, 0), block(1, 0), ...documents.map((column) => block(1, column))];
}

/** Anchors against documents and documents against anchors, each with its own softmax. */
function perDirection(columnCount: number): ContrastiveBlock[] {
  return [...queryToDoc(columnCount), block(1, 0, 1)];
}

/** A guide's random embeddings, the first half of the positives near their anchors; row 2 has two equal positives. */
function guideOf(
  guide: Omit<ContrastiveGuide, 'columns'>,
  columnCount: number,
  rows: number,
  random: Random,
): ContrastiveGuide {
  const { dimension } = guide;
  const columns = Array.from({ length: columnCount }, () => normals(random, rows * dimension));
  for (let i = 0; i < (rows >> 1) * dimension; i++) columns[1]![i] = 0.3 * columns[1]![i]! + columns[0]![i]!;
  if (rows > 3) columns[1]!.copyWithin(3 * dimension, 2 * dimension, 3 * dimension);
  return { ...guide, columns };
}

function problemOf(shape: Shape, seed: number): ContrastiveProblem {
  const { rows, dimension } = shape;
  const columnCount = shape.columnCount ?? 2;
  const random = createRandom(seed, 'contrastive');
  const columns = Array.from({ length: columnCount }, () => normals(random, rows * dimension));
  // Positives near their anchors, as in training: else the softmax is flat.
  for (let i = 0; i < rows * dimension; i++) columns[1]![i] = 0.5 * columns[1]![i]! + 0.5 * columns[0]![i]!;
  // A prefix of one column has cosine 1 or -1 and no gradient, but one over a tiny norm would amplify every rounding.
  for (const column of columns) for (let i = 0; i < column.length; i += dimension) column[i]! += Math.sign(column[i]!);
  shape.alter?.(columns);
  const problem = {
    rows,
    dimension,
    columns,
    blocks: shape.blocks ?? queryToDoc(columnCount),
    terms: shape.terms ?? [{ dim: dimension, weight: 1 }],
    scale: shape.scale ?? 20,
    ...(shape.rowsAtOnce === undefined ? {} : { rowsAtOnce: shape.rowsAtOnce }),
    ...(shape.products === undefined ? {} : { products: shape.products }),
  };
  const guided = shape.guide ? { ...problem, guide: guideOf(shape.guide, columnCount, rows, random) } : problem;
  const { textCount } = shape;
  if (textCount !== undefined) {
    const textIds = columns.map(() => Int32Array.from({ length: rows }, () => random.below(textCount)));
    return { ...guided, textIds };
  }
  if (shape.invalidShare === undefined) return guided;
  const share = shape.invalidShare;
  const valid = columns.map((_, column) =>
    column < 2 ? undefined : Uint8Array.from({ length: rows }, () => (random.uniform() < share ? 0 : 1)),
  );
  return { ...guided, valid };
}

/** Multiplies each row by its norm: what is left does not depend on how long the rows are. */
function timesNorm(gradient: ArrayLike<number>, column: Float32Array, rows: number, dimension: number): Float64Array {
  const result = new Float64Array(rows * dimension);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let d = 0; d < dimension; d++) squares += column[row * dimension + d]! ** 2;
    for (let d = 0; d < dimension; d++) {
      result[row * dimension + d] = gradient[row * dimension + d]! * Math.sqrt(squares);
    }
  }
  return result;
}

/** Runs a problem with all arrays guarded in `where`. */
function evaluate(
  kernels: Kernels,
  problem: ContrastiveProblem,
  where: Place,
): { loss: number; gradients: Float32Array[] } {
  const guards = guardArrays(kernels, where);
  const columns = problem.columns.map((column) => guards.float32(column));
  const gradients = problem.columns.map((column) => guards.output(column.length));
  const valid = problem.valid?.map((mask) => mask?.slice());
  const guide = problem.guide && { ...problem.guide, columns: problem.guide.columns.map((one) => guards.float32(one)) };
  const placed = { ...problem, columns, ...(valid ? { valid } : {}), ...(guide ? { guide } : {}) };
  const loss = kernels.contrastive(placed, gradients);
  const withoutGradients = kernels.contrastive(placed);
  expect(Math.abs(withoutGradients - loss), 'the loss without gradients').toBeLessThanOrEqual(
    1e-6 * Math.abs(loss) + 1e-6,
  );
  if (valid) expect(valid, '`valid` was changed').toEqual(problem.valid);
  const copies = gradients.map((gradient) => gradient.slice());
  guards.check();
  return { loss, gradients: copies };
}

/** How much further than float32 products in 16 bits may be from the formula. */
const INT16_SLACK = 20;

/** Compares loss and gradients with the naive ones, wherever the arrays lie. */
function compare(kernels: Kernels, shape: Shape): void {
  const { rows, dimension } = shape;
  const problem = problemOf(shape, rows * 1000 + dimension);
  const label = `${rows} rows, ${dimension} dimensions, ${problem.columns.length} columns, ${problem.blocks.length} blocks`;
  const expected = naiveContrastive(problem);
  const hardest = Math.max(0, ...problem.blocks.map(({ hardness }) => hardness?.strength ?? 0));
  const sharpness = (problem.scale + hardest) / 20;
  const weights = problem.terms.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  const slack = shape.products === 'int16' ? INT16_SLACK : 1;
  for (const where of PLACES) {
    const { loss, gradients } = evaluate(kernels, problem, where);
    const tolerance = slack * 1e-5 * (Math.abs(expected.loss) + weights * sharpness);
    expectClose([loss], [expected.loss], tolerance, `${label}, ${where}: loss`);
    for (const [column, gradient] of gradients.entries()) {
      const data = problem.columns[column]!;
      const scaled = timesNorm(expected.gradients[column]!, data, rows, dimension);
      const received = timesNorm(gradient, data, rows, dimension);
      // The second part is for gradients that vanish, one row alone or a softmax that is certain: large terms cancel.
      const bound = slack * (1e-4 * sharpness * largest(scaled) + (5e-6 * problem.scale * weights) / rows);
      expectClose(received, scaled, bound, `${label}, ${where}: gradient of column ${column}`);
    }
  }
}

function zeroRow(column: Float32Array, row: number, dimension: number, start = 0, end = dimension): void {
  column.fill(0, row * dimension + start, row * dimension + end);
}

const ROWS = [1, 2, 7, 65, 130];
const DIMENSIONS = [1, 3, 16, 36, 100, 256];

/** Checks of `contrastive`. */
export const kernelsContrastiveChecks: readonly KernelsCheck[] = [
  kernelsCheck('contrastive agrees with the formula for any number of rows and dimensions', (kernels) => {
    for (const rows of ROWS) for (const dimension of DIMENSIONS) compare(kernels, { rows, dimension });
  }),
  kernelsCheck('contrastive takes any number of negative columns', (kernels) => {
    for (const columnCount of [3, 4, 6])
      for (const rows of [1, 7, 65]) compare(kernels, { rows, dimension: 36, columnCount });
  }),
  kernelsCheck('contrastive joins all four directions in one softmax', (kernels) => {
    for (const columnCount of [2, 3, 4]) {
      for (const rows of [1, 2, 7, 65]) {
        compare(kernels, { rows, dimension: 36, columnCount, blocks: allDirections(columnCount) });
      }
    }
  }),
  kernelsCheck('contrastive averages one softmax a direction', (kernels) => {
    for (const columnCount of [2, 4]) {
      for (const rows of [1, 2, 7, 65]) {
        compare(kernels, { rows, dimension: 36, columnCount, blocks: perDirection(columnCount) });
      }
    }
  }),
  kernelsCheck('contrastive finds the members of a partition wherever they stand', (kernels) => {
    compare(kernels, {
      rows: 9,
      dimension: 16,
      columnCount: 3,
      blocks: [block(0, 1, 1), block(1, 0, 0), block(0, 2, 1)],
    });
  }),
  kernelsCheck('contrastive adds the hardness to the named entries and keeps it out of the gradient', (kernels) => {
    for (const entries of ['diagonal', 'off-diagonal', 'all'] as const) {
      const hardness = { strength: 9, entries };
      for (const rows of [1, 7, 65]) {
        const blocks = [block(0, 1), block(0, 2, 0, hardness), block(0, 3, 0, { strength: 5, entries })];
        compare(kernels, { rows, dimension: 36, columnCount: 4, blocks });
        compare(kernels, { rows, dimension: 20, blocks: [block(0, 1, 0, hardness)] });
        compare(kernels, { rows, dimension: 20, blocks: [block(0, 1, 0, hardness), block(1, 0, 1)] });
      }
    }
  }),
  kernelsCheck('contrastive removes the candidates that have no text', (kernels) => {
    for (const invalidShare of [0.3, 1]) {
      for (const rows of [1, 7, 65]) {
        compare(kernels, { rows, dimension: 36, columnCount: 4, invalidShare });
        compare(kernels, { rows, dimension: 16, columnCount: 3, invalidShare, blocks: allDirections(3) });
      }
    }
  }),
  kernelsCheck('contrastive removes what a guide finds more similar than the positive', (kernels) => {
    const blocks = [block(0, 1), guidedBlock(0, 0), guidedBlock(1, 1), block(0, 2), block(0, 3)];
    const terms = [4, 36].map((dim) => ({ dim, weight: 1 }));
    for (const rows of [1, 2, 7, 65, 130]) {
      for (const marginStrategy of ['absolute', 'relative'] as const) {
        const guide = { dimension: 12, marginStrategy, margin: rows % 2 === 0 ? 0 : 0.1 };
        compare(kernels, { rows, dimension: 36, columnCount: 4, blocks, guide, scale: 100 });
        compare(kernels, { rows, dimension: 36, columnCount: 4, blocks, guide, terms, invalidShare: 0.3 });
      }
    }
  }),
  kernelsCheck('contrastive removes what its text says is no negative', (kernels) => {
    const terms = [4, 36].map((dim) => ({ dim, weight: 1 }));
    for (const rows of [1, 2, 7, 65]) {
      for (const textCount of [1, 3, 40]) {
        compare(kernels, { rows, dimension: 36, columnCount: 4, textCount, blocks: allDirections(4), terms });
        compare(kernels, { rows, dimension: 20, columnCount: 3, textCount, blocks: perDirection(3) });
      }
    }
  }),
  kernelsCheck('contrastive sums weighted dims in any order, which need not reach the whole embedding', (kernels) => {
    const descending = [256, 128, 64, 32].map((dim) => ({ dim, weight: 1 }));
    const mixed = [
      { dim: 7, weight: 0.25 },
      { dim: 100, weight: 2 },
      { dim: 1, weight: 0.5 },
      { dim: 36, weight: 1 },
    ];
    for (const rows of ROWS) {
      compare(kernels, { rows, dimension: 256, terms: descending });
      compare(kernels, { rows, dimension: 100, terms: mixed, columnCount: 3 });
      compare(kernels, { rows, dimension: 120, terms: mixed });
    }
    compare(kernels, { rows: 66, dimension: 100, terms: mixed, columnCount: 3, blocks: allDirections(3) });
    compare(kernels, {
      rows: 66,
      dimension: 100,
      terms: mixed,
      columnCount: 4,
      blocks: perDirection(4),
      invalidShare: 0.5,
    });
  }),
  kernelsCheck('contrastive gives a zero row, and a zero prefix, cosine 0 and gradient 0', (kernels) => {
    const dimension = 24;
    const terms = [4, 8, 24].map((dim) => ({ dim, weight: 1 }));
    const alter = ([anchors, positives]: Float32Array[]): void => {
      zeroRow(anchors!, 0, dimension);
      zeroRow(positives!, 3, dimension);
      zeroRow(anchors!, 4, dimension, 0, 4);
      zeroRow(positives!, 5, dimension, 0, 10);
    };
    for (const blocks of [queryToDoc(2), allDirections(2), perDirection(2)]) {
      compare(kernels, { rows: 7, dimension, terms, blocks, alter });
      const problem = problemOf({ rows: 7, dimension, terms, blocks, alter }, 1);
      const { loss, gradients } = evaluate(kernels, problem, 'plain');
      expect(Number.isFinite(loss)).toBe(true);
      expect([...gradients[0]!.subarray(0, dimension)].every((value) => value === 0)).toBe(true);
      expect([...gradients[1]!.subarray(3 * dimension, 4 * dimension)].every((value) => value === 0)).toBe(true);
    }
    compare(kernels, {
      rows: 5,
      dimension,
      terms,
      alter: (columns) => columns.forEach((column) => void column.fill(0)),
    });
  }),
  kernelsCheck(
    'contrastive treats a row with a norm of at most 1e-12 as zero and a longer one as itself',
    (kernels) => {
      const alter = ([anchors]: Float32Array[]): void => {
        for (let d = 0; d < 16; d++) {
          anchors![d]! *= 1e-15;
          anchors![16 + d]! *= 1e-9;
          anchors![32 + d]! *= 1e6;
        }
      };
      compare(kernels, { rows: 6, dimension: 16, alter });
      const { gradients } = evaluate(kernels, problemOf({ rows: 6, dimension: 16, alter }, 2), 'plain');
      expect([...gradients[0]!.subarray(0, 16)].every((value) => value === 0)).toBe(true);
      expect(largest(gradients[0]!.subarray(16, 32))).toBeGreaterThan(1e3);
    },
  ),
  kernelsCheck('contrastive stays finite and exact at large and small scales', (kernels) => {
    for (const scale of [0.5, 1, 100, 1000]) compare(kernels, { rows: 33, dimension: 16, scale });
  }),
  kernelsCheck('contrastive takes one array as several columns', (kernels) => {
    const problem = problemOf({ rows: 7, dimension: 16 }, 3);
    const columns = [problem.columns[0]!, problem.columns[0]!];
    const gradients = [new Float32Array(112), new Float32Array(112)];
    const loss = kernels.contrastive({ ...problem, columns }, gradients);
    const expected = naiveContrastive({ ...problem, columns });
    expectClose([loss], [expected.loss], 1e-5, 'loss');
    for (const [column, gradient] of gradients.entries())
      expectClose(gradient, expected.gradients[column]!, 1e-4, 'gradient');
  }),
  kernelsCheck('contrastive holds to the formula however few rows it may hold at a time', (kernels) => {
    const terms = [4, 36].map((dim) => ({ dim, weight: 1 }));
    const guide = { dimension: 12, marginStrategy: 'absolute', margin: 0.1 } as const;
    for (const rowsAtOnce of [1, 8, 20, 1000]) {
      compare(kernels, { rows: 65, dimension: 36, columnCount: 3, terms, blocks: perDirection(3), rowsAtOnce });
      compare(kernels, { rows: 65, dimension: 36, columnCount: 3, terms, blocks: allDirections(3), guide, rowsAtOnce });
    }
  }),
  kernelsCheck('contrastive holds to the formula, less exactly, where products in 16 bits are asked for', (kernels) => {
    const products = 'int16';
    const terms = [16, 36, 100].map((dim) => ({ dim, weight: 1 }));
    for (const rows of [1, 7, 65, 130]) {
      for (const columnCount of [2, 4]) {
        compare(kernels, { rows, dimension: 100, columnCount, products });
        compare(kernels, { rows, dimension: 100, columnCount, terms, products, blocks: allDirections(columnCount) });
      }
    }
  }),
  kernelsCheck('contrastive gives the same bytes twice, wherever the arrays lie', (kernels) => {
    const terms = [32, 100].map((dim) => ({ dim, weight: 1 }));
    const problem = problemOf({ rows: 130, dimension: 100, columnCount: 3, terms, blocks: allDirections(3) }, 4);
    const results = [...PLACES, ...PLACES].map((where) => evaluate(kernels, problem, where));
    for (const result of results) {
      expect(result.loss).toBe(results[0]!.loss);
      expect(result.gradients).toEqual(results[0]!.gradients);
    }
  }),
];
