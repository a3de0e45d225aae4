import type { ContrastiveProblem } from '@embedbag/core';
import { logitScales } from './wasm-contrastive-logits.js';
import { type ContrastivePlan, octets } from './wasm-contrastive-plan.js';
import type { WasmRuntime } from './wasm-runtime.js';

const { LOG2E } = Math;
/** What is added to the logit of a removed entry. */
const REMOVAL = -1e30;
/** Float64 slots of an entry of a table. */
const SLOTS = 16;

/** One table of float64 slots in scratch memory. */
function writeTable(runtime: WasmRuntime, entries: readonly (readonly number[])[]): number {
  const table = runtime.staging.scratch(entries.length * SLOTS * 8);
  const slots = runtime.memory.float64(table, entries.length * SLOTS);
  for (const [index, entry] of entries.entries()) slots.set(entry, index * SLOTS);
  return table;
}

/** Weights, octets of dims and columns of every term. */
export function writeTerms(runtime: WasmRuntime, problem: ContrastiveProblem, plan: ContrastivePlan): number {
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

/** Columns, scales and biases of every block. */
export function writeBlocks(runtime: WasmRuntime, problem: ContrastiveProblem, plan: ContrastivePlan): number {
  const biases = new Map(plan.candidateColumns.map((column) => [column, writeBias(runtime, problem, plan, column)]));
  let mirrors = 0;
  return writeTable(
    runtime,
    plan.blocks.map((block) => {
      const { plain, diagonal } = logitScales(block, problem.scale);
      const removal = block.removeDiagonal ? REMOVAL : 0;
      const bias = biases.get(block.candidates)!;
      const scales = [plain * LOG2E, diagonal * LOG2E];
      const mirror = block.mirrorPartition === undefined ? [-1, -1] : [block.mirrorPartition, mirrors++];
      return [block.queries, block.candidates, block.partition, removal, ...scales, bias, ...mirror];
    }),
  );
}

/** Where the matrices of every column lie; only the columns that are asked or answer have any. */
export function writeColumns(
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
    const asks = plan.blocks.some((block) => block.queries === column);
    const used = asks || answers >= 0;
    return [
      used ? staging.input(matrix, length) : 0,
      answers >= 0 ? staging.scratch(octets(problem.rows) * plan.candidatesStride) : 0,
      used ? staging.scratch(plan.dimOctets * plan.dimsStride) : 0,
      used ? staging.scratch(sums) : 0,
      gradients ? staging.output(gradients[column]!, length) : 0,
      answers,
      asks ? 1 : 0,
      answers >= 0 && gradients ? staging.scratch(sums) : 0,
      answers >= 0 && gradients ? staging.scratch(plan.dimOctets * plan.sumsStride) : 0,
      used && gradients && plan.int16 ? staging.scratch(plan.dimOctets * plan.dimsStride) : 0,
      used && plan.int16 ? staging.scratch(plan.paddedRows * 4) : 0,
    ];
  });
  return writeTable(runtime, entries);
}

/** First column and width of every octet of dims. */
export function writeOctets(runtime: WasmRuntime, plan: ContrastivePlan): number {
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

/** The runs, and the octets of dims of their segments. */
export function writeRuns(runtime: WasmRuntime, plan: ContrastivePlan): number {
  return writeTable(
    runtime,
    plan.runs.map(({ firstOctet, sourceTerm, firstTerm, segments }) => {
      const list = runtime.staging.scratch(segments.length * 4);
      runtime.memory.int32(list, segments.length).set(segments);
      return [firstOctet, sourceTerm, firstTerm, segments.length, list];
    }),
  );
}

/** The numbers of the texts, `[columns][paddedRows]`; 0 where equal texts are no matter. */
export function writeTexts(runtime: WasmRuntime, problem: ContrastiveProblem, plan: ContrastivePlan): number {
  if (!problem.textIds) return 0;
  const { columns, rows, textIds } = problem;
  const table = runtime.staging.scratch(columns.length * plan.paddedRows * 4);
  const numbers = runtime.memory.int32(table, columns.length * plan.paddedRows);
  for (const [column, ids] of textIds.entries()) numbers.set(ids.subarray(0, rows), column * plan.paddedRows);
  return table;
}
