import { EmbedbagError, type Kernels } from '@embedbag/core';

const FLOAT_BYTES = 4;
const GIB = 1024 * 1024 * 1024;
/** Where WebAssembly memory ends: 65,536 pages of 64 KiB. */
const WASM_LIMIT_BYTES = 4 * GIB;

/** A contrastive kernel holds at most so much of its similarities at a time, ... */
const MOST_SIMILARITIES_BYTES = GIB / 4;
/** ... and no more than this many dims and blocks of all of them. */
const SIMILARITY_PLANES = 32;

/** The batches of one dataset. */
export interface PlannedBatch {
  /** Rows of the largest batch. */
  readonly rows: number;
  /** Text columns. */
  readonly columns: number;
  /** See `Loss.workingMatrices`. */
  readonly workingMatrices: number;
}

/** The sizes that decide what a run needs. */
export interface MemoryPlanOptions {
  /** Rows of the table. */
  readonly vocabularySize: number;
  readonly dimension: number;
  /** Of every dataset. */
  readonly batches: readonly PlannedBatch[];
  /** Batches whose gradients are held for one step. Default 1. */
  readonly gradientAccumulationSteps?: number;
  /** Whether there is a running average of the table. Default false. */
  readonly hasAverage?: boolean;
  /** Whether checkpoints are written while training goes on. Default false. */
  readonly savesCheckpoints?: boolean;
}

/** What a run holds in the kernels' memory at once, in bytes. */
export interface MemoryPlan {
  readonly tableBytes: number;
  /** Both moments of AdamW. */
  readonly momentsBytes: number;
  /** Embeddings of the batch that needs most, all columns. */
  readonly embeddingsBytes: number;
  /** Their gradients. */
  readonly gradientsBytes: number;
  /** What the loss and its kernel make of that batch: layouts of the columns, a guide's embeddings. */
  readonly workingBytes: number;
  /** An upper bound of the similarities that a loss with such a kernel holds at a time. */
  readonly similaritiesBytes: number;
  /** All of the above. */
  readonly totalBytes: number;
  /** The running average of the table, outside the kernels' memory. */
  readonly averageBytes: number;
  /**
   * The copies from which a checkpoint is written while training goes on: the table, both moments and the average, outside the
   * kernels' memory. Where the system has too little left for them, training waits for the writing instead.
   */
  readonly checkpointCopyBytes: number;
}

/** Matrices `[rows, dimension]` of a step of such batches: embeddings of one, gradients of all. */
function matricesOf(
  { columns, workingMatrices }: PlannedBatch,
  { gradientAccumulationSteps = 1 }: MemoryPlanOptions,
): number {
  return (1 + gradientAccumulationSteps) * columns + workingMatrices;
}

/** The batch that needs most. */
function largestBatch(options: MemoryPlanOptions): PlannedBatch {
  return options.batches.reduce((most, batch) =>
    batch.rows * matricesOf(batch, options) > most.rows * matricesOf(most, options) ? batch : most,
  );
}

/** Adds up the table, the moments, the embeddings, the gradients and the working memory of a planned run. */
export function planMemory(options: MemoryPlanOptions): MemoryPlan {
  const { rows, columns, workingMatrices } = largestBatch(options);
  const { gradientAccumulationSteps = 1, hasAverage = false, savesCheckpoints = false } = options;
  const tableBytes = options.vocabularySize * options.dimension * FLOAT_BYTES;
  const matrixBytes = rows * options.dimension * FLOAT_BYTES;
  const parts = {
    tableBytes,
    momentsBytes: 2 * tableBytes,
    embeddingsBytes: columns * matrixBytes,
    gradientsBytes: gradientAccumulationSteps * columns * matrixBytes,
    workingBytes: workingMatrices * matrixBytes,
    similaritiesBytes:
      workingMatrices > 0 ? Math.min(MOST_SIMILARITIES_BYTES, SIMILARITY_PLANES * rows * rows * FLOAT_BYTES) : 0,
  };
  const copies = (savesCheckpoints ? 3 : 0) + (savesCheckpoints && hasAverage ? 1 : 0);
  return {
    ...parts,
    totalBytes: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0),
    averageBytes: hasAverage ? tableBytes : 0,
    checkpointCopyBytes: copies * tableBytes,
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
  const fixedBytes = plan.tableBytes + plan.momentsBytes + plan.similaritiesBytes;
  const largest = largestBatch(options);
  const rows = Math.floor(
    (WASM_LIMIT_BYTES - fixedBytes) / (matricesOf(largest, options) * options.dimension * FLOAT_BYTES),
  );
  const remedy =
    rows >= 1
      ? `Lower \`perDeviceTrainBatchSize\` from ${largest.rows} to at most ${rows}`
      : 'Train a narrower model or a smaller vocabulary';
  const parts = [
    `the table ${inGib(plan.tableBytes)}`,
    `two moments ${inGib(plan.momentsBytes)}`,
    `embeddings ${inGib(plan.embeddingsBytes)}`,
    `gradients ${inGib(plan.gradientsBytes)}`,
    `working memory of the loss ${inGib(plan.workingBytes + plan.similaritiesBytes)}`,
  ];
  throw new EmbedbagError({
    code: 'not-enough-memory',
    message:
      `Expected a run that fits the ${inGib(WASM_LIMIT_BYTES)} of WebAssembly memory, ` +
      `received one of ${inGib(plan.totalBytes)}: ${parts.join(', ')}. ${remedy}, or use the \`typescript\` kernels.`,
    details: { limitBytes: WASM_LIMIT_BYTES, ...plan },
  });
}
