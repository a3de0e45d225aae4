import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Kernels, Loss, TrainingEvent } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { describe, expect, test } from 'vitest';
import { train } from './train.js';
import type { TrainingSummary } from './train-options.js';
import { eventsOf, inOrderBatchSampler, memoryDataset } from './training-fixtures.js';

interface GoldenLoss {
  readonly loss: 'mnrl' | 'matryoshka';
  readonly scale?: number;
  readonly dims?: readonly number[];
  readonly weights?: readonly number[];
  readonly inner?: GoldenLoss;
}

interface GoldenRun {
  readonly name: string;
  readonly loss: GoldenLoss;
  readonly learningRate: number;
  readonly maxGradNorm: number;
  readonly weightDecay: number;
  readonly log: readonly { readonly loss: number; readonly gradNorm: number; readonly learningRate: number }[];
  readonly table: readonly (readonly number[])[];
  readonly tableSum: number;
  readonly tableAbsSum: number;
}

interface Golden {
  readonly initialModel: string;
  readonly batches: readonly (readonly (readonly [string, string])[])[];
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly runs: readonly GoldenRun[];
}

const goldenFolder = fileURLToPath(new URL('../../../../shared/golden/', import.meta.url));
const isThere = existsSync(goldenFolder);
const golden: Golden = isThere
  ? JSON.parse(readFileSync(`${goldenFolder}training.json`, 'utf8'))
  : { initialModel: '', batches: [], warmupSteps: 0, totalSteps: 0, runs: [] };

function lossFrom(config: GoldenLoss): Loss {
  if (config.loss === 'mnrl') return multipleNegativesRankingLoss({ scale: config.scale! });
  return matryoshkaLoss(lossFrom(config.inner!), { dims: config.dims!, weights: config.weights! });
}

async function runGolden(
  kernels: Kernels,
  run: GoldenRun,
): Promise<{ events: TrainingEvent[]; summary: TrainingSummary; table: Float32Array }> {
  const model = await StaticEmbedding.load(`${goldenFolder}${golden.initialModel}`, { kernels });
  const pairs = golden.batches.flat();
  const anchor = pairs.map(([text]) => text);
  const positive = pairs.map(([, text]) => text);
  const { learningRate, maxGradNorm, weightDecay } = run;
  const { warmupSteps } = golden;
  const perDeviceTrainBatchSize = golden.batches[0]!.length;
  const events: TrainingEvent[] = [];
  const summary = await train({
    model,
    datasets: [memoryDataset('golden', { anchor, positive })],
    loss: lossFrom(run.loss),
    batchSampler: inOrderBatchSampler(),
    arguments: { learningRate, maxGradNorm, weightDecay, warmupSteps, perDeviceTrainBatchSize },
    onEvent: (event) => events.push(event),
  });
  const table = model.table.data.slice(0, model.table.rows * model.table.columns);
  model.dispose();
  return { events, summary, table };
}

const kernelsUnderTest: readonly (readonly [string, () => Kernels | Promise<Kernels>])[] = [
  ['TypeScript kernels', createTypeScriptKernels],
  ['WebAssembly kernels, 1 thread', () => createKernels({ backend: 'wasm', threads: 1 })],
  ['WebAssembly kernels, 2 threads', () => createKernels({ backend: 'wasm', threads: 2 })],
];

describe.skipIf(!isThere).each(kernelsUnderTest)('on %s', (_, create) => {
  test.each(golden.runs)('the run `$name` is that of sentence-transformers and PyTorch', async (run) => {
    const kernels = await create();
    try {
      const { events, summary, table } = await runGolden(kernels, run);
      expect(summary.steps).toBe(golden.totalSteps);
      const steps = eventsOf(events, 'step-end');
      expect(steps).toHaveLength(run.log.length);
      const relative = (received: number, expected: number): number =>
        Math.abs(received - expected) / Math.abs(expected);
      for (const [i, step] of steps.entries()) {
        const expected = run.log[i]!;
        expect(relative(step.loss, expected.loss), `loss of step ${step.step}`).toBeLessThan(2e-5);
        expect(relative(step.gradientNorm, expected.gradNorm), `gradient norm of step ${step.step}`).toBeLessThan(2e-5);
        expect(step.learningRate).toBeCloseTo(expected.learningRate, 12);
      }
      const columns = run.table[0]!.length;
      const worst = run.table.flat().reduce((most, value, i) => Math.max(most, Math.abs(value - table[i]!)), 0);
      expect(columns).toBe(32);
      expect(worst).toBeLessThan(1e-5);
      expect(table.reduce((sum, value) => sum + value, 0)).toBeCloseTo(run.tableSum, 2);
      expect(table.reduce((sum, value) => sum + Math.abs(value), 0)).toBeCloseTo(run.tableAbsSum, 2);
    } finally {
      kernels.dispose();
    }
  });
});
