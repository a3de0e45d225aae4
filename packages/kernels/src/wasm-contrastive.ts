import { type ContrastiveProblem, checkContrastive } from '@embedbag/core';
import { FIRST_ROW, PLANES, problemArguments } from './wasm-contrastive-arguments.js';
import { ContrastivePlan } from './wasm-contrastive-plan.js';
import { preparationOf, prepareGuide } from './wasm-contrastive-preparation.js';
import { writeBlocks, writeRuns, writeTexts } from './wasm-contrastive-tables.js';
import type { WasmRuntime } from './wasm-runtime.js';

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
  const plan = new ContrastivePlan(problem, { threads: pool.threads, withGradients: gradients !== undefined });
  const rowLosses = staging.scratch(plan.paddedRows * 8);
  const guide = prepareGuide(runtime, problem, plan);
  const args = problemArguments({
    ...preparationOf(runtime, problem, plan, gradients),
    partitions: plan.partitions,
    candidateColumns: plan.candidateColumns.length,
    rowsPerThread: plan.rowsPerThread,
    logitBound: plan.logitBound,
    rowMaxima: plan.rowMaxima ? 1 : 0,
    blockTable: writeBlocks(runtime, problem, plan),
    planes: staging.scratch(plan.planeBytes),
    planesStride: plan.planesStride,
    scratch: staging.scratch(plan.threads * plan.scratchStride),
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
    softmaxFactors: staging.scratch(plan.factorBytes),
    mirrors: plan.mirrors,
    holdsPlanes: plan.holdsPlanes ? 1 : 0,
    ...guide,
  });
  runKernels(runtime, plan, args, gradients !== undefined);
  staging.finish();
  let loss = 0;
  for (const rowLoss of runtime.memory.float64(rowLosses, problem.rows)) loss += rowLoss;
  return loss / problem.rows;
}

/** Calls what assembly/contrastive-problem.ts describes, in its order. */
function runKernels({ pool }: WasmRuntime, plan: ContrastivePlan, args: number[], withGradients: boolean): void {
  const parallel = plan.threads > 1;
  const planes = args[PLANES]!;
  const goOver = (...kernels: readonly string[]): void => {
    for (let stretch = 0; stretch < plan.rowStretches; stretch++) {
      args[FIRST_ROW] = stretch * plan.threads * plan.rowsPerThread;
      args[PLANES] = planes + (plan.holdsPlanes ? stretch * plan.stretchBytes : 0);
      for (const kernel of kernels) pool.run(kernel, args, parallel);
    }
  };
  pool.run('contrastivePrepare', args, parallel);
  if (plan.mirrors > 0) {
    goOver('contrastiveSums');
    pool.run('contrastiveFactors', args, parallel);
  }
  if (withGradients) {
    goOver('contrastiveRows', 'contrastiveCandidates');
    pool.run('contrastiveFinish', args, parallel);
  } else if (plan.mirrors === 0) {
    goOver('contrastiveRows');
  }
}
