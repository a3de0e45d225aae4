import type { ContrastiveProblem } from '@embedbag/core';
import { type ContrastiveArguments, problemArguments } from './wasm-contrastive-arguments.js';
import { ContrastivePlan } from './wasm-contrastive-plan.js';
import { writeColumns, writeOctets, writeTerms } from './wasm-contrastive-tables.js';
import type { WasmRuntime } from './wasm-runtime.js';

/** What laying out the columns of a problem takes. */
export function preparationOf(
  runtime: WasmRuntime,
  problem: ContrastiveProblem,
  plan: ContrastivePlan,
  gradients: readonly Float32Array[] | undefined,
): ContrastiveArguments {
  return {
    rows: problem.rows,
    paddedRows: plan.paddedRows,
    dimension: problem.dimension,
    terms: plan.stretches.length,
    dimOctets: plan.dimOctets,
    blocks: plan.blocks.length,
    columns: problem.columns.length,
    withGradient: gradients ? 1 : 0,
    termTable: writeTerms(runtime, problem, plan),
    columnTable: writeColumns(runtime, problem, plan, gradients),
    octetTable: writeOctets(runtime, plan),
    dimsStride: plan.dimsStride,
    candidatesStride: plan.candidatesStride,
    sumsStride: plan.sumsStride,
    int16: plan.int16 ? 1 : 0,
  };
}

/** Lays out the guide's embeddings as those of the problem, at one dim; without a guide there is nothing to tell. */
export function prepareGuide(
  runtime: WasmRuntime,
  problem: ContrastiveProblem,
  { threads }: ContrastivePlan,
): ContrastiveArguments {
  const { guide, rows, blocks, scale } = problem;
  if (!guide) return {};
  const { columns, dimension } = guide;
  const guided = { rows, blocks, scale, columns, dimension, terms: [{ dim: dimension, weight: 1 }] };
  const plan = new ContrastivePlan(guided, { threads, withGradients: false, leavesOutMirrors: false });
  const preparation = preparationOf(runtime, guided, plan, undefined);
  runtime.pool.run('contrastivePrepare', problemArguments(preparation), threads > 1);
  return {
    guideTable: preparation.columnTable!,
    guideDimsStride: plan.dimsStride,
    guideCandidatesStride: plan.candidatesStride,
    guideOctets: plan.dimOctets,
    guideMargin: guide.margin,
    hasRelativeMargin: guide.marginStrategy === 'relative' ? 1 : 0,
  };
}
