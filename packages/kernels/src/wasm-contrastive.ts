import type { ContrastiveBlock, ContrastiveProblem } from '@embedbag/core';
import { checkContrastive } from './contrastive-checks.js';
import { type WasmRuntime, WORTH_THREADS } from './wasm-runtime.js';

/** Rows of similarities a thread holds at a time: at most this many, ... */
const MOST_ROWS = 128;
const FEWEST_ROWS = 16;
/** ... and fewer where their planes would take more bytes than this, about the share of a core in the last cache. */
const PLANE_BYTES = 8 << 20;
/** The kernel takes logits in base 2. */
const { LOG2E } = Math;
/** What is added to the logit of a removed entry. */
const REMOVAL = -1e30;
/** Up to this bound of the logits, in base 2, exponentials relative to it stay normal numbers, and no row maximum is needed. */
const LARGEST_SAFE_BOUND = 30 * LOG2E;
const LINE_BYTES = 64;
/** Float64 slots of an entry of a table. */
const SLOTS = 16;

const octets = (count: number): number => Math.ceil(count / 8);

/** A stride of an odd number of cache lines. */
function oddLines(bytes: number): number {
  const lines = Math.ceil(bytes / LINE_BYTES);
  return (lines % 2 === 0 ? lines + 1 : lines) * LINE_BYTES;
}

/** A term with the stretch of columns that it adds to the term before it. */
interface Stretch {
  readonly weight: number;
  readonly firstColumn: number;
  readonly endColumn: number;
  readonly firstOctet: number;
  readonly endOctet: number;
}

function stretchesOf(problem: ContrastiveProblem): Stretch[] {
  const stretches: Stretch[] = [];
  let firstColumn = 0;
  let firstOctet = 0;
  for (const { dim, weight } of [...problem.terms].sort((a, b) => a.dim - b.dim)) {
    const endOctet = firstOctet + octets(dim - firstColumn);
    stretches.push({ weight, firstColumn, endColumn: dim, firstOctet, endOctet });
    firstColumn = dim;
    firstOctet = endOctet;
  }
  return stretches;
}

/** What a cosine counts in a logit of `block`, off the diagonal and on it. */
function logitScales(block: ContrastiveBlock, scale: number): { readonly plain: number; readonly diagonal: number } {
  const strength = block.hardness?.strength ?? 0;
  const entries = block.hardness?.entries;
  return {
    plain: scale + (entries === 'all' || entries === 'off-diagonal' ? strength : 0),
    diagonal: scale + (entries === 'all' || entries === 'diagonal' ? strength : 0),
  };
}

/** The sizes of a problem's parts in memory; assembly/contrastive-problem.ts describes the layouts. */
class ContrastivePlan {
  readonly stretches: readonly Stretch[];
  readonly partitions: number;
  readonly paddedRows: number;
  readonly dimOctets: number;
  readonly candidateColumns: readonly number[];
  readonly dimsStride: number;
  readonly candidatesStride: number;
  readonly rowsPerThread: number;
  readonly planeOctetStride: number;
  readonly planeStride: number;
  readonly blockStride: number;
  readonly planesStride: number;
  readonly scratchStride: number;
  readonly threads: number;
  readonly logitBound: number;

  constructor(problem: ContrastiveProblem, mostThreads: number) {
    const { blocks, rows, columns, scale } = problem;
    this.stretches = stretchesOf(problem);
    const terms = this.stretches.length;
    this.partitions = 1 + Math.max(...blocks.map((block) => block.partition));
    const rowOctets = octets(rows);
    this.paddedRows = rowOctets * 8;
    this.dimOctets = this.stretches.at(-1)!.endOctet;
    this.candidateColumns = [...new Set(blocks.map((block) => block.candidates))];
    this.dimsStride = oddLines(this.paddedRows * 32);
    this.candidatesStride = oddLines(this.dimOctets * 256);
    const work = rows * rows * this.dimOctets * 8 * blocks.length;
    this.threads = work < WORTH_THREADS ? 1 : Math.min(mostThreads, rowOctets);
    const rowBytes = blocks.length * terms * this.paddedRows * 4;
    const affordable = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(PLANE_BYTES / rowBytes / 8) * 8));
    const stretchesOfRows = Math.ceil(this.paddedRows / (this.threads * affordable));
    this.rowsPerThread = octets(this.paddedRows / (this.threads * stretchesOfRows)) * 8;
    this.planeStride = this.rowsPerThread * 32;
    this.planeOctetStride = oddLines(terms * this.planeStride);
    this.blockStride = rowOctets * this.planeOctetStride;
    this.planesStride = blocks.length * this.blockStride;
    const widest = Math.max(...this.stretches.map((stretch) => stretch.endOctet - stretch.firstOctet));
    const sums = (2 * this.partitions + columns.length) * terms * this.rowsPerThread * 16;
    const factors = this.partitions * terms * this.rowsPerThread * 4;
    const partials = this.candidateColumns.length * terms * this.paddedRows * 4;
    this.scratchStride = oddLines(128 + sums + factors + partials + widest * this.rowsPerThread * 32);
    const scales = blocks.flatMap((block) => Object.values(logitScales(block, scale)));
    // A little more than the largest, for cosines that rounding puts above 1.
    this.logitBound = Math.max(...scales.map(Math.abs)) * 1.0001 * LOG2E;
  }
}

/** One table of float64 slots in scratch memory. */
function writeTable(runtime: WasmRuntime, entries: readonly (readonly number[])[]): number {
  const table = runtime.staging.scratch(entries.length * SLOTS * 8);
  const slots = runtime.memory.float64(table, entries.length * SLOTS);
  for (const [index, entry] of entries.entries()) slots.set(entry, index * SLOTS);
  return table;
}

function writeTerms(runtime: WasmRuntime, problem: ContrastiveProblem, plan: ContrastivePlan): number {
  return writeTable(
    runtime,
    plan.stretches.map((stretch) => {
      const labelWeight = (stretch.weight * problem.scale) / problem.rows;
      const { firstOctet, endOctet, firstColumn, endColumn, weight } = stretch;
      return [labelWeight / plan.partitions, labelWeight, weight, firstOctet, endOctet, firstColumn, endColumn];
    }),
  );
}

/** What is added to the logits of each candidate of a column: {@link REMOVAL} where it is none. */
function writeBias(runtime: WasmRuntime, problem: ContrastiveProblem, plan: ContrastivePlan, column: number): number {
  const bias = runtime.staging.scratch(plan.paddedRows * 4);
  const values = runtime.memory.float32(bias, plan.paddedRows).fill(REMOVAL);
  const valid = problem.valid?.[column];
  for (let row = 0; row < problem.rows; row++) if (valid?.[row] !== 0) values[row] = 0;
  return bias;
}

function writeBlocks(runtime: WasmRuntime, problem: ContrastiveProblem, plan: ContrastivePlan): number {
  const biases = new Map(plan.candidateColumns.map((column) => [column, writeBias(runtime, problem, plan, column)]));
  return writeTable(
    runtime,
    problem.blocks.map((block) => {
      const { plain, diagonal } = logitScales(block, problem.scale);
      const removal = block.removeDiagonal ? REMOVAL : 0;
      const bias = biases.get(block.candidates)!;
      const scales = [plain * LOG2E, diagonal * LOG2E];
      return [block.queries, block.candidates, block.partition, removal, ...scales, bias];
    }),
  );
}

function writeColumns(
  runtime: WasmRuntime,
  problem: ContrastiveProblem,
  plan: ContrastivePlan,
  gradients: readonly Float32Array[] | undefined,
): number {
  const { staging } = runtime;
  const length = problem.rows * problem.dimension;
  const sums = plan.stretches.length * plan.paddedRows * 4;
  const entries = problem.columns.map((matrix, column) => {
    const answers = plan.candidateColumns.indexOf(column);
    const asks = problem.blocks.some((block) => block.queries === column);
    const used = asks || answers >= 0;
    return [
      used ? staging.input(matrix, length) : 0,
      answers >= 0 ? staging.scratch(octets(problem.rows) * plan.candidatesStride) : 0,
      used ? staging.scratch(plan.dimOctets * plan.dimsStride) : 0,
      used ? staging.scratch(sums) : 0,
      gradients ? staging.output(gradients[column]!, length) : 0,
      answers,
      asks ? 1 : 0,
      answers >= 0 ? staging.scratch(sums) : 0,
      answers >= 0 && gradients ? staging.scratch(plan.dimOctets * plan.dimsStride) : 0,
    ];
  });
  return writeTable(runtime, entries);
}

/** First column and width of every octet of dims. */
function writeOctets(runtime: WasmRuntime, plan: ContrastivePlan): number {
  const table = runtime.staging.scratch(plan.dimOctets * 8);
  const words = runtime.memory.int32(table, plan.dimOctets * 2);
  for (const { firstOctet, endOctet, firstColumn, endColumn } of plan.stretches) {
    for (let octet = firstOctet; octet < endOctet; octet++) {
      const column = firstColumn + (octet - firstOctet) * 8;
      words.set([column, Math.min(8, endColumn - column)], octet * 2);
    }
  }
  return table;
}

/** See {@link Kernels.contrastive}. */
export function contrastive(
  runtime: WasmRuntime,
  problem: ContrastiveProblem,
  gradients: readonly Float32Array[] | undefined,
): number {
  checkContrastive(problem, gradients);
  if (problem.rows === 0 || problem.terms.length === 0) {
    for (const gradient of gradients ?? []) gradient.fill(0, 0, problem.rows * problem.dimension);
    return 0;
  }
  const { staging, pool } = runtime;
  staging.begin();
  const plan = new ContrastivePlan(problem, pool.threads);
  const parallel = plan.threads > 1;
  const threads = parallel ? pool.threads : 1;
  const rowLosses = staging.scratch(plan.paddedRows * 8);
  const args = [
    ...[problem.rows, plan.paddedRows, problem.dimension, plan.stretches.length, plan.dimOctets],
    ...[problem.blocks.length, problem.columns.length, plan.partitions, plan.candidateColumns.length],
    ...[plan.rowsPerThread, 0, gradients ? 1 : 0, plan.logitBound, plan.logitBound > LARGEST_SAFE_BOUND ? 1 : 0],
    ...[writeTerms(runtime, problem, plan), writeBlocks(runtime, problem, plan)],
    ...[writeColumns(runtime, problem, plan, gradients), writeOctets(runtime, plan)],
    ...[staging.scratch(threads * plan.planesStride), plan.planesStride],
    ...[staging.scratch(threads * plan.scratchStride), plan.scratchStride, rowLosses, plan.blockStride],
    ...[plan.dimsStride, plan.candidatesStride, plan.planeOctetStride, plan.planeStride],
  ];
  pool.run('contrastivePrepare', args, parallel);
  for (let first = 0; first < plan.paddedRows; first += threads * plan.rowsPerThread) {
    args[10] = first;
    pool.run('contrastiveRows', args, parallel);
    if (gradients) pool.run('contrastiveCandidates', args, parallel);
  }
  if (gradients) pool.run('contrastiveFinish', args, parallel);
  staging.finish();
  let loss = 0;
  for (const rowLoss of runtime.memory.float64(rowLosses, problem.rows)) loss += rowLoss;
  return loss / problem.rows;
}
