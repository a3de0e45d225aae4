import type { ContrastiveProblem } from '@embedbag/core';
import { boundOfLogits } from './wasm-contrastive-logits.js';
import { type ComputedBlock, withMirrors, withoutMirrors } from './wasm-contrastive-mirrors.js';
import { WORTH_THREADS } from './wasm-runtime.js';

/** Rows of similarities a thread holds at a time: at most this many, ... */
const MOST_ROWS = 128;
const FEWEST_ROWS = 16;
/** ... and fewer where the planes of all threads would take more bytes than this. */
const PLANE_BYTES = 256 << 20;
/** What the padding of rows and strides makes of the bytes of many planes, at most. */
const PLANE_PADDING = 1.1;
/**
 * The shortest dim that products of 16-bit integers suit. Weights of a row are as unlike as the norms of its candidates, and
 * those of very few values may be a thousand times apart.
 */
const SHORTEST_INT16 = 16;
const LINE_BYTES = 64;
/** Octets of dims that are multiplied at a time: 32 KiB of a panel, beside those of the rows in the second cache. */
const RUN_OCTETS = 128;

/** How many groups of 8 hold `count`. */
export const octets = (count: number): number => Math.ceil(count / 8);

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

/** Terms or parts of terms whose dot products are computed together. */
export interface Run {
  readonly firstOctet: number;
  /** The term whose dot products it goes on from; 0 where it goes on from nothing. */
  readonly sourceTerm: number;
  readonly firstTerm: number;
  /** Octets of dims by term, from `firstTerm` on. */
  readonly segments: number[];
}

function runsOf(stretches: readonly Stretch[]): Run[] {
  const runs: Run[] = [];
  let room = 0;
  for (const [term, { firstOctet, endOctet }] of stretches.entries()) {
    for (let octet = firstOctet; octet < endOctet; ) {
      if (room === 0) {
        const sourceTerm = octet > firstOctet ? term : Math.max(0, term - 1);
        runs.push({ firstOctet: octet, sourceTerm, firstTerm: term, segments: [] });
        room = RUN_OCTETS;
      }
      const count = Math.min(room, endOctet - octet);
      runs.at(-1)!.segments.push(count);
      octet += count;
      room -= count;
    }
  }
  return runs;
}

/** What a plan is made for. */
export interface ContrastivePlanOptions {
  /** Threads of the kernels. */
  readonly threads: number;
  readonly withGradients: boolean;
  /** Whether blocks that mirror others may be left out. Default true. */
  readonly leavesOutMirrors?: boolean;
}

/** Which blocks are computed, and whether the planes of all rows are held between their sums and their weights. */
interface Sharing {
  readonly blocks: readonly ComputedBlock[];
  readonly holdsPlanes: boolean;
}

/**
 * A block takes three products: dot products and two gradients. Without mirrors, a problem has them once a block where all planes
 * can be held, and else the first one twice. Gradients decide nothing else, so that the loss has the same bytes without them.
 */
function sharingOf(problem: ContrastiveProblem, rowMaxima: boolean, options: ContrastivePlanOptions): Sharing {
  const all = { blocks: withMirrors(problem), holdsPlanes: false };
  const blocks = withoutMirrors(problem);
  const mirrors = all.blocks.length - blocks.length;
  if (mirrors === 0 || rowMaxima || options.leavesOutMirrors === false) return all;
  const paddedRows = octets(problem.rows) * 8;
  const fits = blocks.length * problem.terms.length * paddedRows * paddedRows * 4 * PLANE_PADDING <= PLANE_BYTES;
  const mayHold = fits && (problem.rowsAtOnce ?? paddedRows) >= paddedRows;
  if (!mayHold && 4 * blocks.length >= 3 * all.blocks.length) return all;
  return { blocks, holdsPlanes: mayHold && options.withGradients };
}

/** The sizes of a problem's parts in memory; assembly/contrastive-problem.ts describes the layouts. */
export class ContrastivePlan {
  readonly stretches: readonly Stretch[];
  readonly runs: readonly Run[];
  readonly partitions: number;
  readonly blocks: readonly ComputedBlock[];
  /** How many blocks of the problem are left out, each a mirror of one of `blocks`. */
  readonly mirrors: number;
  /** Whether the planes of all rows are held at once; else those of one stretch. */
  readonly holdsPlanes: boolean;
  readonly paddedRows: number;
  readonly dimOctets: number;
  readonly candidateColumns: readonly number[];
  /** Whether products are those of 16-bit integers. */
  readonly int16: boolean;
  readonly dimsStride: number;
  readonly candidatesStride: number;
  readonly sumsStride: number;
  /** Rows whose similarities a thread holds at a time, a multiple of 8. */
  readonly rowsPerThread: number;
  readonly planeOctetStride: number;
  readonly planeStride: number;
  readonly blockStride: number;
  readonly planesStride: number;
  /** Bytes from one octet of dims to the next in the gradient tiles of a thread's rows. */
  readonly tileStride: number;
  readonly scratchStride: number;
  /** Bytes at the end of a thread's scratch for the scales of weights. */
  readonly weightScalesBytes: number;
  /** One, or all of the pool. */
  readonly threads: number;
  /** Bytes of the planes of one stretch, all threads. */
  readonly stretchBytes: number;
  /** Stretches of `threads * rowsPerThread` rows. */
  readonly rowStretches: number;
  readonly logitBound: number;
  /** Whether logits are taken relative to the row's largest, not to `logitBound`. */
  readonly rowMaxima: boolean;

  constructor(problem: ContrastiveProblem, options: ContrastivePlanOptions) {
    const { rows, columns } = problem;
    const { logitBound, rowMaxima } = boundOfLogits(problem.blocks, problem.scale);
    const { blocks, holdsPlanes } = sharingOf(problem, rowMaxima, options);
    this.logitBound = logitBound;
    this.rowMaxima = rowMaxima;
    this.blocks = blocks;
    this.mirrors = problem.blocks.length - blocks.length;
    this.holdsPlanes = holdsPlanes;
    this.stretches = stretchesOf(problem);
    this.runs = runsOf(this.stretches);
    const terms = this.stretches.length;
    this.partitions = 1 + Math.max(...problem.blocks.map((block) => block.partition));
    const rowOctets = octets(rows);
    this.paddedRows = rowOctets * 8;
    this.dimOctets = this.stretches.at(-1)!.endOctet;
    this.candidateColumns = [...new Set(blocks.map((block) => block.candidates))];
    this.int16 = problem.products === 'int16' && this.stretches[0]!.endColumn >= SHORTEST_INT16;
    const octetBytes = this.int16 ? 16 : 32;
    this.dimsStride = oddLines(this.paddedRows * octetBytes);
    this.candidatesStride = oddLines(this.dimOctets * 8 * octetBytes);
    this.sumsStride = oddLines(this.paddedRows * 32);
    const work = rows * rows * this.dimOctets * 8 * blocks.length;
    const bound = octets(problem.rowsAtOnce ?? Number.POSITIVE_INFINITY);
    this.threads = work < WORTH_THREADS || bound < options.threads ? 1 : options.threads;
    const planes = terms + (problem.guide || problem.textIds ? 1 : 0);
    const rowBytes = blocks.length * planes * this.paddedRows * 4;
    const affordable = Math.max(
      FEWEST_ROWS,
      Math.min(MOST_ROWS, Math.floor(PLANE_BYTES / this.threads / rowBytes / 8) * 8),
    );
    const rowsAtOnce = Math.min(affordable, Math.floor(bound / this.threads) * 8);
    const fewest = Math.ceil(this.paddedRows / (this.threads * rowsAtOnce));
    this.rowsPerThread = octets(this.paddedRows / (this.threads * fewest)) * 8;
    this.rowStretches = Math.ceil(this.paddedRows / (this.threads * this.rowsPerThread));
    this.planeStride = this.rowsPerThread * 32;
    this.planeOctetStride = oddLines(planes * this.planeStride);
    this.blockStride = rowOctets * this.planeOctetStride;
    this.planesStride = blocks.length * this.blockStride;
    this.stretchBytes = this.threads * this.planesStride;
    const widest = Math.max(...this.stretches.map((stretch) => stretch.endOctet - stretch.firstOctet));
    this.tileStride = oddLines(this.rowsPerThread * 32);
    const sums = (2 * this.partitions + columns.length) * terms * this.rowsPerThread * 16;
    const thresholds = this.rowsPerThread * 4;
    const partials = (this.candidateColumns.length + this.mirrors) * terms * this.paddedRows * 4;
    const scaled = blocks.length * terms * (this.rowsPerThread * 32 + this.paddedRows * 8);
    this.weightScalesBytes = this.int16 ? scaled : 0;
    this.scratchStride = oddLines(
      192 + sums + thresholds + partials + widest * this.tileStride + this.weightScalesBytes,
    );
  }

  /** Bytes of all planes. */
  get planeBytes(): number {
    return this.stretchBytes * (this.holdsPlanes ? this.rowStretches : 1);
  }

  /** Bytes of the softmax sums and of the labels' cosines of all rows. */
  get factorBytes(): number {
    return (this.partitions + 1) * this.stretches.length * this.paddedRows * 4;
  }

  /** Bytes of the layouts of `asked` columns that only ask and of `answering` ones; see assembly/contrastive-problem.ts. */
  layoutBytes(asked: number, answering: number, withGradients: boolean): number {
    const byDims = this.dimOctets * this.dimsStride;
    const byCandidates = octets(this.paddedRows) * this.candidatesStride;
    const norms = this.stretches.length * this.paddedRows * 4;
    const integers = this.int16 ? this.paddedRows * 4 + (withGradients ? byDims : 0) : 0;
    const sums = withGradients ? norms + this.dimOctets * this.sumsStride : 0;
    return (asked + answering) * (byDims + norms + integers) + answering * (byCandidates + sums);
  }
}
