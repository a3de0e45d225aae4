import type { MultiDatasetBatchSampler } from '@embedbag/core';
import { describe, test } from 'vitest';
import { multiDatasetBatchSamplerChecks } from './multi-dataset-batch-sampler-checks.js';

/** What {@link testMultiDatasetBatchSampler} tests. */
export interface TestMultiDatasetBatchSamplerOptions {
  /** Stands in the title of the suite. Default: the sampler's own name. */
  readonly name?: string;
  /** Makes the sampler; every call must use the same options. */
  readonly create: () => MultiDatasetBatchSampler;
  /** False where the order does not depend on the seed. Default: true. */
  readonly isShuffled?: boolean;
}

/**
 * Registers a vitest suite that checks a multi-dataset batch sampler against its contract, on streams that give what they
 * count, that end early, and that could give more.
 *
 * Batches come in each stream's own order under its number; `count`, `position` and `skip` agree with what is given; the
 * same seed gives the same order; no stream with batches is left out.
 *
 * @example
 * ```ts
 * testMultiDatasetBatchSampler({ create: () => mySampler({ weights: [2, 1] }) });
 * ```
 */
export function testMultiDatasetBatchSampler(options: TestMultiDatasetBatchSamplerOptions): void {
  const { create, isShuffled = true } = options;
  describe(`multi-dataset batch sampler: ${options.name ?? create().name}`, () => {
    for (const check of multiDatasetBatchSamplerChecks) test(check.title, () => check.run({ create, isShuffled }));
  });
}
