import type { Kernels, Loss } from '@embedbag/core';
import { describe, test } from 'vitest';
import { type LossCheckSettings, lossChecks } from './loss-checks.js';
import { createNaiveKernels } from './naive-kernels.js';

/** What {@link testLoss} tests, and where. */
export interface TestLossOptions {
  /** Stands in the title of the suite. Default: the loss's own name. */
  readonly name?: string;
  /** Makes the loss; every call must use the same options. */
  readonly create: () => Loss;
  /** Makes the kernels the loss computes on. Default: naive ones, in float64. */
  readonly createKernels?: () => Promise<Kernels>;
  /** Rows of the batches. Default: 1, 2 and 7. */
  readonly batchSizes?: readonly number[];
  /** Dimensions of the embeddings. Default: 3, 8 and 16. */
  readonly dimensions?: readonly number[];
  /** Text columns of the batches. Default: the fewest the loss takes and up to two more. */
  readonly columnCounts?: readonly number[];
  /** How many labels a row has, by the number of text columns, for a loss that takes several. Default: 1. */
  readonly labelColumns?: (columnCount: number) => number;
  /** False where the loss holds a part of its value fixed in the gradient: differences do not know of it. Default: true. */
  readonly finiteDifferences?: boolean;
  /** How far a value is moved, a power of two from 1/1024 up. Default: 1/1024, for a loss that computes in float64. */
  readonly step?: number;
  /** How far differences may be from the gradient, as a share of its largest value. Default: 1e-3. */
  readonly tolerance?: number;
}

function settingsOf(options: TestLossOptions): LossCheckSettings {
  const { min, max } = options.create().columns;
  const counts = [min, min + 1, min + 2].filter((count) => count <= (max ?? count));
  return {
    create: options.create,
    createKernels: options.createKernels ?? (async () => createNaiveKernels()),
    batchSizes: options.batchSizes ?? [1, 2, 7],
    dimensions: options.dimensions ?? [3, 8, 16],
    columnCounts: options.columnCounts ?? counts,
    labelColumns: options.labelColumns ?? (() => 1),
    finiteDifferences: options.finiteDifferences ?? true,
    step: options.step ?? 1 / 1024,
    tolerance: options.tolerance ?? 1e-3,
  };
}

/**
 * Registers a vitest suite that checks a loss against its contract.
 *
 * The gradient is compared with differences of the value at several batch sizes, dimensions and column counts. Then: the
 * same value without gradients, the same bytes twice, no write outside the gradients, finite results for empty and equal
 * texts and a batch of one, no memory kept, a config of plain JSON.
 *
 * @example
 * ```ts
 * testLoss({ create: () => myLoss({ margin: 0.5 }), columnCounts: [3] });
 * ```
 */
export function testLoss(options: TestLossOptions): void {
  const settings = settingsOf(options);
  describe(`loss: ${options.name ?? options.create().name}`, () => {
    for (const check of lossChecks) test(check.title, () => check.run(settings));
  });
}
