import type { BatchSampler } from '@embedbag/core';
import { describe, test } from 'vitest';
import { batchSamplerChecks } from './batch-sampler-checks.js';

/** What {@link testBatchSampler} tests, and what the sampler promises. */
export interface TestBatchSamplerOptions {
  /** Stands in the title of the suite. Default: the sampler's own name. */
  readonly name?: string;
  /** Makes the sampler; every call must use the same options. */
  readonly create: () => BatchSampler;
  /** False where the sampler leaves rows out, or draws some more than once. Default: true. */
  readonly drawsEveryRow?: boolean;
  /** Whether no text may be in two rows of a batch. Default: false. */
  readonly distinctTexts?: boolean;
  /** False where the order does not depend on the seed. Default: true. */
  readonly isShuffled?: boolean;
  /** Default: `[1, 4, 7, 100]`. */
  readonly batchSizes?: readonly number[];
  /** Leave out rows fewer than these, where the sampler refuses them. Default: 0. */
  readonly minRows?: number;
  /** Gives the rows labels, for a sampler that needs them. Default: none. */
  readonly labelOf?: (row: number) => number;
}

/**
 * Registers a vitest suite that checks a batch sampler against its contract, on rows without and with repeated and missing
 * texts, at several batch sizes, with and without `dropLast`.
 *
 * Batches hold rows that are there, none twice, and belong to the caller; `count`, `position` and `skip` agree with what is
 * given, and so do saved places; the same seed gives the same batches; streams do not disturb each other; nothing borrowed is
 * changed.
 *
 * @example
 * ```ts
 * testBatchSampler({ create: () => mySampler({ bucketSize: 64 }), distinctTexts: true });
 * ```
 */
export function testBatchSampler(options: TestBatchSamplerOptions): void {
  const { create, drawsEveryRow = true, distinctTexts = false, isShuffled = true } = options;
  const { batchSizes = [1, 4, 7, 100], minRows = 0, labelOf } = options;
  const settings = { create, drawsEveryRow, distinctTexts, isShuffled, batchSizes, minRows, labelOf };
  describe(`batch sampler: ${options.name ?? create().name}`, () => {
    for (const check of batchSamplerChecks) test(check.title, () => check.run(settings));
  });
}
