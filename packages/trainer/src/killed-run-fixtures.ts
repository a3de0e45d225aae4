/** The run that the tests of kills start as a process of its own; no part of the package. */
import { createKernels } from '@embedbag/kernels';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { pairsDataset, tinyModel } from './tiny-data-fixtures.js';
import { train } from './train.js';
import type { TrainingSummary } from './train-options.js';

/** Steps of the run. */
export const KILLED_RUN_STEPS = 480;

/** Trains in `outputDir`, from its newest checkpoint where there is one, and says `step` on standard output at each step. */
export async function killedRun(outputDir: string): Promise<TrainingSummary> {
  const kernels = await createKernels({ backend: 'wasm-simd', threads: 1 });
  const model = await tinyModel(kernels, 256);
  return train({
    model,
    datasets: [pairsDataset('first', 200), pairsDataset('second', 100, 200)],
    loss: multipleNegativesRankingLoss(),
    arguments: {
      outputDir,
      perDeviceTrainBatchSize: 32,
      maxSteps: KILLED_RUN_STEPS,
      saveStrategy: 'steps',
      saveSteps: 7,
      saveTotalLimit: 2,
    },
    resumeFromCheckpoint: true,
    onEvent: ({ type }) => {
      if (type === 'step-end') process.stdout.write('step\n');
    },
  });
}
