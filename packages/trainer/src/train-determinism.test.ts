import { createHash, type Hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Kernels } from '@embedbag/core';
import { createKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { expect, test } from 'vitest';
import { LR_SCHEDULER_TYPES, type LrSchedulerType } from './learning-rate-schedule.js';
import { pairsDataset, tinyModel } from './tiny-data-fixtures.js';
import { train } from './train.js';

/** Fused multiplication and addition is what the relaxed instructions are on every processor of the last ten years, but not before. */
function hasFusedMultiplyAdd(): boolean {
  if (process.arch === 'arm64') return true;
  try {
    return /\bfma\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return process.platform === 'darwin';
  }
}

async function addRun(hash: Hash, kernels: Kernels, lrSchedulerType: LrSchedulerType): Promise<void> {
  const model = await tinyModel(kernels, 48);
  const { meanLoss } = await train({
    model,
    datasets: [pairsDataset('a', 150), pairsDataset('b', 90, 150)],
    loss: matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [48, 32, 16] }),
    arguments: {
      perDeviceTrainBatchSize: 20,
      numTrainEpochs: 3,
      weightDecay: 0.01,
      gradientAccumulationSteps: 2,
      emaDecay: 0.8,
      emaSteps: 3,
      lrSchedulerType,
      seed: 11,
    },
  });
  const { data, rows, columns } = model.table;
  hash.update(data.subarray(0, rows * columns)).update(String(meanLoss));
  model.dispose();
}

/**
 * By kernels and threads, the hash of the tables and losses of a run by each schedule: the same on Node 20 and 24. A change of
 * these is a change of what every run comes to, which a changeset has to say.
 */
const CASES = [
  ['wasm-simd', 1, 'faea5f2b577649ce'],
  ['wasm-simd', 2, 'faea5f2b577649ce'],
  ['wasm-relaxed-simd', 1, '2a7c7a1f240ff3a4'],
  ['wasm-relaxed-simd', 2, '2a7c7a1f240ff3a4'],
  ['typescript', 1, '4718a39429c9b662'],
] as const;

test.each(CASES)(
  'a run on %s kernels with %i threads comes to its stored bytes',
  async (backend, threads, expected) => {
    if (backend === 'wasm-relaxed-simd' && !hasFusedMultiplyAdd()) return;
    const kernels = await createKernels({ backend, threads });
    try {
      const hash = createHash('sha256');
      for (const type of LR_SCHEDULER_TYPES) await addRun(hash, kernels, type);
      expect(hash.digest('hex').slice(0, 16)).toBe(expected);
    } finally {
      kernels.dispose();
    }
  },
);
