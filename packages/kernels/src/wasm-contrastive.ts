import { type ContrastiveProblem, checkContrastive } from '@embedbag/core';
import { FIRST_ROW, problemArguments } from './wasm-contrastive-arguments.js';
import { ContrastivePlan } from './wasm-contrastive-plan.js';
import { preparationOf, prepareGuide } from './wasm-contrastive-preparation.js';
import { writeBlocks, writeRuns, writeTexts } from './wasm-contrastive-tables.js';
import type { WasmRuntime } from './wasm-runtime.js';

/** Up to this bound of the logits, in base 2, exponentials relative to it stay normal numbers, and no row maximum is needed. */
const LARGEST_SAFE_BOUND = 30 * Math.LOG2E;

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
  const { threads } = plan;
  const parallel = threads > 1;
  const rowLosses = staging.scratch(plan.paddedRows * 8);
  const guide = prepareGuide(runtime, problem, plan);
  const args = problemArguments({
    ...preparationOf(runtime, problem, plan, gradients),
    partitions: plan.partitions,
    candidateColumns: plan.candidateColumns.length,
    rowsPerThread: plan.rowsPerThread,
    logitBound: plan.logitBound,
    rowMaxima: plan.logitBound > LARGEST_SAFE_BOUND ? 1 : 0,
    blockTable: writeBlocks(runtime, problem, plan),
    planes: staging.scratch(threads * plan.planesStride),
    planesStride: plan.planesStride,
    scratch: staging.scratch(threads * plan.scratchStride),
    scratchStride: plan.scratchStride,
    rowLosses,
    blockStride: plan.blockStride,
    planeOctetStride: plan.planeOctetStride,
    planeStride: plan.planeStride,
    runs: plan.runs.length,
    runTable: writeRuns(runtime, plan),
    tileStride: plan.tileStride,
    weightScalesBytes: plan.weightScalesBytes,
    textTable: writeTexts(runtime, problem, plan),
    ...guide,
  });
  pool.run('contrastivePrepare', args, parallel);
  for (let first = 0; first < plan.paddedRows; first += threads * plan.rowsPerThread) {
    args[FIRST_ROW] = first;
    pool.run('contrastiveRows', args, parallel);
    if (gradients) pool.run('contrastiveCandidates', args, parallel);
  }
  if (gradients) pool.run('contrastiveFinish', args, parallel);
  staging.finish();
  let loss = 0;
  for (const rowLoss of runtime.memory.float64(rowLosses, problem.rows)) loss += rowLoss;
  return loss / problem.rows;
}
