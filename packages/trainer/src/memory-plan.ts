import { EmbedbagError, type Kernels } from '@embedbag/core';

const FLOAT_BYTES = 4;
const GIB = 1024 * 1024 * 1024;
/** Where WebAssembly memory ends: 65,536 pages of 64 KiB. */
const WASM_LIMIT_BYTES = 4 * GIB;

/** The sizes that decide what a run needs. */
export interface MemoryPlanOptions {
  /** Rows of the table. */
  readonly vocabularySize: number;
  readonly dimension: number;
  /** Rows of the largest batch. */
  readonly batchRows: number;
  /** Most text columns of a dataset. */
  readonly columns: number;
}

/** What a run holds in the kernels' memory at once, in bytes. */
export interface MemoryPlan {
  readonly tableBytes: number;
  /** Both moments of AdamW. */
  readonly momentsBytes: number;
  /** Embeddings of the largest batch, all columns. */
  readonly embeddingsBytes: number;
  /** Their gradients. */
  readonly gradientsBytes: number;
  readonly totalBytes: number;
}

/** Adds up the table, the moments, the embeddings and the gradients of a planned run. */
export function planMemory(options: MemoryPlanOptions): MemoryPlan {
  const tableBytes = options.vocabularySize * options.dimension * FLOAT_BYTES;
  const embeddingsBytes = options.batchRows * options.columns * options.dimension * FLOAT_BYTES;
  return {
    tableBytes,
    momentsBytes: 2 * tableBytes,
    embeddingsBytes,
    gradientsBytes: embeddingsBytes,
    totalBytes: 3 * tableBytes + 2 * embeddingsBytes,
  };
}

const inGib = (bytes: number): string => `${(bytes / GIB).toFixed(2)} GiB`;

/**
 * Refuses a run that the memory of WebAssembly kernels cannot hold; other kernels are not limited.
 *
 * @throws EmbedbagError `not-enough-memory` with the sum and the remedy.
 */
export function checkMemory(kernels: Pick<Kernels, 'backend'>, options: MemoryPlanOptions): MemoryPlan {
  const plan = planMemory(options);
  if (!kernels.backend.startsWith('wasm') || plan.totalBytes <= WASM_LIMIT_BYTES) return plan;
  const fixedBytes = plan.tableBytes + plan.momentsBytes;
  const rows = Math.floor((WASM_LIMIT_BYTES - fixedBytes) / (2 * options.columns * options.dimension * FLOAT_BYTES));
  const remedy =
    rows >= 1
      ? `Lower \`perDeviceTrainBatchSize\` from ${options.batchRows} to at most ${rows}`
      : 'Train a narrower model or a smaller vocabulary';
  const parts = [
    `the table ${inGib(plan.tableBytes)}`,
    `two moments ${inGib(plan.momentsBytes)}`,
    `embeddings ${inGib(plan.embeddingsBytes)}`,
    `gradients ${inGib(plan.gradientsBytes)}`,
  ];
  throw new EmbedbagError({
    code: 'not-enough-memory',
    message:
      `Expected a run that fits the ${inGib(WASM_LIMIT_BYTES)} of WebAssembly memory, ` +
      `received one of ${inGib(plan.totalBytes)}: ${parts.join(', ')}. ${remedy}, or use the \`typescript\` kernels.`,
    details: { limitBytes: WASM_LIMIT_BYTES, ...plan },
  });
}
