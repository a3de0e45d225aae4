import type { ContrastiveBlock, ContrastiveProblem } from '@embedbag/core';

/** A contrastive problem over columns of any number type. */
export type NaiveContrastiveProblem = Omit<ContrastiveProblem, 'columns'> & {
  readonly columns: readonly ArrayLike<number>[];
};

/** The options of {@link naiveContrastive}. */
export interface NaiveContrastiveOptions {
  /**
   * The columns whose cosines the hardness terms use. Default: the problem's own. Central differences need them fixed,
   * because a hardness term is a constant of the gradient.
   */
  readonly hardnessColumns?: readonly ArrayLike<number>[];
}

/** A loss and its gradients by each column, `[rows, dimension]`. */
export interface NaiveContrastiveResult {
  readonly loss: number;
  readonly gradients: readonly Float64Array[];
}

/** A row whose norm is not above this has cosine 0 with everything, and a gradient of zero. */
const ZERO_NORM = 1e-12;

/** The unit vectors of the rows' prefixes, zero for zero rows, and the prefixes' norms. */
interface UnitRows {
  readonly units: readonly Float64Array[];
  readonly norms: Float64Array;
}

function unitRows(column: ArrayLike<number>, rows: number, dimension: number, dim: number): UnitRows {
  const norms = new Float64Array(rows);
  const units = Array.from({ length: rows }, (_, row) => {
    const prefix = Float64Array.from({ length: dim }, (_, d) => column[row * dimension + d]!);
    const norm = Math.hypot(...prefix);
    norms[row] = norm;
    return norm > ZERO_NORM ? prefix.map((value) => value / norm) : prefix.fill(0);
  });
  return { units, norms };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** One logit of a row, and what its gradient flows into. */
interface Entry {
  readonly block: ContrastiveBlock;
  readonly candidate: number;
  readonly logit: number;
  readonly label: boolean;
}

function hardnessOf(block: ContrastiveBlock, row: number, candidate: number): number {
  if (!block.hardness) return 0;
  const { entries, strength } = block.hardness;
  if (entries === 'diagonal' && row !== candidate) return 0;
  if (entries === 'off-diagonal' && row === candidate) return 0;
  return strength;
}

/** Whether the guide finds the entry `(row, candidate)` of `block` more similar than the row's label. */
type GuideRule = (block: ContrastiveBlock, row: number, candidate: number) => boolean;

function guideRuleOf({ guide, blocks, rows }: NaiveContrastiveProblem): GuideRule {
  if (!guide) return () => false;
  const { dimension, margin, marginStrategy } = guide;
  const columns = guide.columns.map((column) => unitRows(column, rows, dimension, dimension).units);
  const cosine = ({ queries, candidates }: ContrastiveBlock, row: number, candidate: number): number =>
    dot(columns[queries]![row]!, columns[candidates]![candidate]!);
  return (block, row, candidate) => {
    const label = cosine(blocks[0]!, row, row);
    return cosine(block, row, candidate) > label - (marginStrategy === 'absolute' ? margin : Math.abs(label) * margin);
  };
}

/** Whether the texts say that the candidate is no negative of the row. */
function hasEqualText(
  { textIds }: NaiveContrastiveProblem,
  { candidates }: ContrastiveBlock,
  row: number,
  candidate: number,
): boolean {
  if (!textIds) return false;
  const idOf = (column: number, index: number): number => textIds[column]![index]!;
  if (candidates > 1) return idOf(candidates, candidate) === idOf(1, row);
  return candidate !== row && [0, 1].some((column) => idOf(column, candidate) === idOf(column, row));
}

function entriesOf(
  problem: NaiveContrastiveProblem,
  row: number,
  columns: readonly UnitRows[],
  hardnessColumns: readonly UnitRows[],
  guideRule: GuideRule,
): Entry[] {
  const entries: Entry[] = [];
  for (const [index, block] of problem.blocks.entries()) {
    for (let candidate = 0; candidate < problem.rows; candidate++) {
      if (block.removeDiagonal && candidate === row) continue;
      if (problem.valid?.[block.candidates]?.[candidate] === 0) continue;
      const label = index === 0 && candidate === row;
      if (!label && guideRule(block, row, candidate)) continue;
      if (hasEqualText(problem, block, row, candidate)) continue;
      const cosine = dot(columns[block.queries]!.units[row]!, columns[block.candidates]!.units[candidate]!);
      const strength = hardnessOf(block, row, candidate);
      const hard = hardnessColumns;
      const constant =
        strength === 0
          ? 0
          : strength * dot(hard[block.queries]!.units[row]!, hard[block.candidates]!.units[candidate]!);
      entries.push({ block, candidate, logit: problem.scale * cosine + constant, label });
    }
  }
  return entries;
}

function logSumExp(logits: readonly number[]): number {
  const maximum = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return maximum + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - maximum), 0));
}

/** Back through the normalisation: `dx = (du - (du . u) u) / |x|`, added to the first columns of `gradient`. */
function addThroughUnit(unit: Float64Array, norm: number, unitGradient: Float64Array, gradient: Float64Array): void {
  if (norm <= ZERO_NORM) return;
  const radial = dot(unit, unitGradient);
  for (let d = 0; d < unit.length; d++) gradient[d]! += (unitGradient[d]! - radial * unit[d]!) / norm;
}

/**
 * The contrastive loss and its gradients as the formula reads, one logit after the other, in float64.
 *
 * Slow on purpose: the independent side of every comparison. See `ContrastiveProblem` in @embedbag/core.
 *
 * @example
 * ```ts
 * const { loss } = naiveContrastive({
 *   rows: 1, dimension: 2, columns: [[1, 0], [0, 1]], scale: 20, terms: [{ dim: 2, weight: 1 }],
 *   blocks: [{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false }],
 * }); // 0: the only candidate is the right one
 * ```
 */
export function naiveContrastive(
  problem: NaiveContrastiveProblem,
  options: NaiveContrastiveOptions = {},
): NaiveContrastiveResult {
  const { rows, dimension, blocks, terms, scale } = problem;
  const gradients = problem.columns.map(() => new Float64Array(rows * dimension));
  const partitions = 1 + Math.max(...blocks.map((block) => block.partition));
  const guideRule = guideRuleOf(problem);
  let loss = 0;
  for (const { dim, weight } of terms) {
    const columns = problem.columns.map((column) => unitRows(column, rows, dimension, dim));
    const hardnessColumns = options.hardnessColumns?.map((column) => unitRows(column, rows, dimension, dim)) ?? columns;
    const unitGradients = columns.map(({ units }) => units.map((unit) => new Float64Array(unit.length)));
    for (let row = 0; row < rows; row++) {
      const entries = entriesOf(problem, row, columns, hardnessColumns, guideRule);
      loss -= (weight / rows) * entries.find(({ label }) => label)!.logit;
      for (let partition = 0; partition < partitions; partition++) {
        const members = entries.filter(({ block }) => block.partition === partition);
        const logZ = logSumExp(members.map(({ logit }) => logit));
        loss += ((weight / rows) * logZ) / partitions;
        for (const { block, candidate, logit, label } of members) {
          const p = (weight / rows) * scale * (Math.exp(logit - logZ) / partitions - (label ? 1 : 0));
          const query = columns[block.queries]!.units[row]!;
          const answer = columns[block.candidates]!.units[candidate]!;
          const queryGradient = unitGradients[block.queries]![row]!;
          const answerGradient = unitGradients[block.candidates]![candidate]!;
          for (let d = 0; d < dim; d++) {
            queryGradient[d]! += p * answer[d]!;
            answerGradient[d]! += p * query[d]!;
          }
        }
      }
    }
    for (const [column, { units, norms }] of columns.entries()) {
      for (let row = 0; row < rows; row++) {
        const target = gradients[column]!.subarray(row * dimension, row * dimension + dim);
        addThroughUnit(units[row]!, norms[row]!, unitGradients[column]![row]!, target);
      }
    }
  }
  return { loss, gradients };
}
