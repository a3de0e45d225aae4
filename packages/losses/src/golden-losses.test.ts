import { existsSync, readFileSync } from 'node:fs';
import type { Kernels, Loss } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { createNaiveKernels } from '@embedbag/testing';
import { describe, expect, test } from 'vitest';
import { matryoshkaLoss } from './matryoshka-loss.js';
import {
  type MultipleNegativesRankingLossOptions,
  multipleNegativesRankingLoss,
} from './multiple-negatives-ranking-loss.js';

const GOLDEN = new URL('../../../../shared/golden/losses.json', import.meta.url);

type RankingConfig = MultipleNegativesRankingLossOptions & { readonly loss: string };

interface GoldenCase {
  readonly name: string;
  readonly config: RankingConfig & {
    readonly dims: number[];
    readonly weights: number[];
    readonly inner: RankingConfig;
  };
  readonly columns: readonly number[][][];
  readonly loss: number;
  readonly gradients: readonly number[][][];
}

const KERNELS: Record<string, () => Promise<Kernels>> = {
  naive: async () => createNaiveKernels(),
  typescript: async () => createTypeScriptKernels(),
  'wasm-simd, 1 thread': () => createKernels({ backend: 'wasm-simd', threads: 1 }),
  'wasm-simd, 2 threads': () => createKernels({ backend: 'wasm-simd', threads: 2 }),
  'wasm-relaxed-simd, 1 thread': () => createKernels({ backend: 'wasm-relaxed-simd', threads: 1 }),
  'wasm-relaxed-simd, 2 threads': () => createKernels({ backend: 'wasm-relaxed-simd', threads: 2 }),
};

function lossOf({ config }: GoldenCase): Loss {
  if (config.loss === 'mnrl') return multipleNegativesRankingLoss(config);
  return matryoshkaLoss(multipleNegativesRankingLoss(config.inner), config);
}

/** A loss that no fused kernel knows, so that every dim is evaluated on its own. */
function withoutForm(loss: Loss): Loss {
  const { contrastive: _, ...rest } = loss;
  return rest;
}

function compare(loss: Loss, golden: GoldenCase, kernels: Kernels): void {
  const rows = golden.columns[0]!.length;
  const dimension = golden.columns[0]![0]!.length;
  const embeddings = golden.columns.map((column) => Float32Array.from(column.flat()));
  const gradients = embeddings.map((column) => new Float32Array(column.length).fill(Number.NaN));
  const value = loss.compute({ embeddings, rows, dimension, prepared: undefined, kernels }, gradients);
  expect(Math.abs(value - golden.loss)).toBeLessThanOrEqual(1e-5 * Math.abs(golden.loss));
  for (const [column, gradient] of gradients.entries()) {
    const expected = golden.gradients[column]!.flat();
    const bound = 1e-4 * Math.max(...expected.map(Math.abs));
    for (const [index, entry] of expected.entries()) {
      const error = Math.abs(gradient[index]! - entry);
      expect(error <= bound, `column ${column}, index ${index}: ${gradient[index]} for ${entry}`).toBe(true);
    }
  }
}

describe.skipIf(!existsSync(GOLDEN))('the golden losses of sentence-transformers', () => {
  const all = existsSync(GOLDEN) ? (JSON.parse(readFileSync(GOLDEN, 'utf8')) as GoldenCase[]) : [];
  const cases = all.filter(({ config }) => config.loss === 'mnrl' || config.inner?.loss === 'mnrl');

  test('hold 13 ranking and 10 Matryoshka cases', () => {
    expect(cases.filter(({ config }) => config.loss === 'mnrl').length).toBe(13);
    expect(cases.filter(({ config }) => config.loss === 'matryoshka').length).toBe(10);
  });

  describe.each(Object.keys(KERNELS))('on %s kernels', (name) => {
    test.each(cases)('$name agrees to 1e-5 in value and 1e-4 in gradient', async (golden) => {
      const kernels = await KERNELS[name]!();
      try {
        compare(lossOf(golden), golden, kernels);
      } finally {
        kernels.dispose();
      }
    });
  });

  test.each(cases.filter(({ config }) => config.loss === 'matryoshka'))('$name agrees without fusing', (golden) => {
    const inner = withoutForm(multipleNegativesRankingLoss(golden.config.inner));
    compare(matryoshkaLoss(inner, golden.config), golden, createTypeScriptKernels());
  });
});
