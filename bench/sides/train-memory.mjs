import { EventEmitter, on } from 'node:events';
import { readDatasets } from '@embedbag/datasets';
import { createKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { train } from '@embedbag/trainer';
import { openSampledMemory } from './sampled-memory.mjs';

/** More steps than any number of rounds asks for; the run ends with the process. */
const STEPS_WITHOUT_END = 1_000_000;

/**
 * Starts a run; its part `portions` gives the memory after every so many steps.
 *
 * @param {import('@embedbag/core').Kernels} kernels
 * @param {any} settings
 */
async function startRun(kernels, settings) {
  const model = await StaticEmbedding.load(settings.model, { kernels });
  const datasets = await readDatasets(settings.folder);
  const memory = openSampledMemory(kernels);
  const run = new EventEmitter();
  const portions = on(run, 'portion');
  train({
    model,
    datasets,
    loss: matryoshkaLoss(multipleNegativesRankingLoss(), { dims: settings.dims }),
    arguments: { perDeviceTrainBatchSize: settings.batchSize, maxSteps: STEPS_WITHOUT_END, warmupSteps: 200 },
    onEvent(event) {
      if (event.type !== 'step-end') return;
      memory.sample();
      if (event.step % settings.steps === 0) run.emit('portion', event.elapsedMs / 1000, memory.take());
    },
  }).catch((error) => run.emit('error', error));
  return portions;
}

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  /** @type {any} */
  let settings;
  /** @type {Awaited<ReturnType<typeof createKernels>> | undefined} */
  let kernels;
  /** @type {AsyncIterator<any[]> | undefined} */
  let portions;
  let secondsBefore = 0;
  return {
    async prepare(given) {
      settings = given;
      kernels = await createKernels();
      return { note: `${kernels.backend}, ${kernels.threads} threads` };
    },
    async round() {
      portions ??= await startRun(/** @type {NonNullable<typeof kernels>} */ (kernels), settings);
      const [secondsSoFar, figures] = (await portions.next()).value;
      const seconds = secondsSoFar - secondsBefore;
      secondsBefore = secondsSoFar;
      return { seconds, count: settings.steps, figures };
    },
    async output() {
      return {};
    },
  };
}
