import type { Kernels } from '@embedbag/core';
import { describe, test } from 'vitest';
import { kernelsBagChecks } from './kernels-bag-checks.js';
import type { KernelsCheck } from './kernels-check.js';
import { kernelsContrastiveChecks } from './kernels-contrastive-checks.js';
import { kernelsMemoryChecks } from './kernels-memory-checks.js';
import { kernelsOptimizerChecks } from './kernels-optimizer-checks.js';
import { kernelsQuantizationChecks } from './kernels-quantization-checks.js';
import { kernelsReplayChecks } from './kernels-replay-checks.js';
import { kernelsSearchChecks } from './kernels-search-checks.js';

/** What {@link testKernels} tests. */
export interface TestKernelsOptions {
  /** Stands in the title of the suite, such as `wasm-simd, 2 threads`. */
  readonly name: string;
  /** Makes fresh kernels; every test disposes its own. */
  readonly create: () => Promise<Kernels>;
}

/** All checks, for a runner other than vitest. */
export const kernelsChecks: readonly KernelsCheck[] = [
  ...kernelsMemoryChecks,
  ...kernelsBagChecks,
  ...kernelsContrastiveChecks,
  ...kernelsOptimizerChecks,
  ...kernelsReplayChecks,
  ...kernelsSearchChecks,
  ...kernelsQuantizationChecks,
];

/**
 * Registers a vitest suite that compares kernels with naive float64 computations and checks the rules of their contract.
 *
 * Losses must agree to 1e-5 and gradients to 1e-4 of the largest value; bags, moments and scores to some 1e-6;
 * codes and bits must be equal. Arrays lie between guards, in the backend's memory and outside of it, and outputs hold NaN
 * before they are written.
 *
 * @example
 * ```ts
 * testKernels({ name: 'my backend', create: async () => createMyKernels() });
 * ```
 */
export function testKernels(options: TestKernelsOptions): void {
  describe(`kernels: ${options.name}`, () => {
    for (const check of kernelsChecks) test(check.title, () => check.run(options.create));
  });
}
