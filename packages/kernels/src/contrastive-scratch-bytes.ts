import type { ContrastiveProblem } from '@embedbag/core';
import { ContrastivePlan } from './wasm-contrastive-plan.js';

/** The options of {@link contrastiveScratchBytes}. */
export interface ContrastiveScratchOptions {
  /** Threads of the kernels. */
  readonly threads: number;
  /** Whether gradients are computed too. Default true. */
  readonly withGradients?: boolean;
}

/**
 * The bytes of WebAssembly memory that `contrastive` takes for `problem` beside its embeddings and gradients, kept until the
 * next call: exact but for some KiB of tables. Arrays outside of that memory take a copy each on top; the guide's are counted.
 *
 * With `n` rows of `D` columns a column that asks has one layout, `4 n D` bytes, and one that answers two more, `12 n D` in
 * all; the same again, without the last, for a guide. Similarities take `4 n` bytes a row, block and dim: at most 256 MiB, or
 * 16 rows a thread where that is more. So nothing grows with `n * n`. A block that asks and answers as another one answers and
 * asks takes none of its own, but then those of all rows are held where they fit. The values of the columns are not read.
 *
 * @example
 * ```ts
 * const problem = { rows: 65_536, dimension: 1024, columns: [anchors, positives], scale: 20, terms, blocks };
 * const bytes = contrastiveScratchBytes(problem, { threads: 2 });
 * ```
 */
export function contrastiveScratchBytes(problem: ContrastiveProblem, options: ContrastiveScratchOptions): number {
  const { blocks, columns, guide, textIds, rows, scale } = problem;
  const { threads, withGradients = true } = options;
  if (rows === 0 || problem.terms.length === 0) return 0;
  const plan = new ContrastivePlan(problem, { threads, withGradients });
  const answering = plan.candidateColumns.length;
  const used = new Set(blocks.flatMap(({ queries, candidates }) => [queries, candidates])).size;
  const stretch = plan.planeBytes + plan.threads * plan.scratchStride + plan.factorBytes;
  const biases = answering * plan.paddedRows * 4;
  const texts = textIds ? columns.length * plan.paddedRows * 4 : 0;
  const losses = plan.paddedRows * 8;
  const layouts = plan.layoutBytes(used - answering, answering, withGradients);
  if (!guide) return layouts + stretch + biases + texts + losses;
  const { dimension } = guide;
  const terms = [{ dim: dimension, weight: 1 }];
  const guided = new ContrastivePlan(
    { rows, blocks, scale, columns: guide.columns, dimension, terms },
    { threads: plan.threads, withGradients: false, leavesOutMirrors: false },
  );
  const copies = used * rows * dimension * 4;
  return layouts + stretch + biases + texts + losses + copies + guided.layoutBytes(used - answering, answering, false);
}
