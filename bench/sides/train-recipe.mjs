import { readDatasets } from '@embedbag/datasets';
import { createKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { train } from '@embedbag/trainer';

/**
 * @param {string} variant `bf16`, or empty for float32.
 * @returns {import('./serve.mjs').Side}
 */
export function createSide(variant) {
  /** @type {any} */
  let settings;
  /** @type {Awaited<ReturnType<typeof createKernels>> | undefined} */
  let kernels;
  /** @type {import('@embedbag/trainer').TrainingSummary | undefined} */
  let summary;
  return {
    async prepare(given) {
      settings = given;
      kernels ??= await createKernels();
      return { note: `${kernels.backend}, ${kernels.threads} threads` };
    },
    async round() {
      const model = await StaticEmbedding.load(settings.model, kernels === undefined ? {} : { kernels });
      const started = performance.now();
      summary = await train({
        model,
        datasets: await readDatasets(settings.folder),
        loss: matryoshkaLoss(multipleNegativesRankingLoss(), { dims: settings.dims }),
        batchSampler: noDuplicatesBatchSampler(),
        multiDatasetBatchSampler: proportionalBatchSampler(),
        arguments: {
          perDeviceTrainBatchSize: settings.batchSize,
          learningRate: 0.2,
          warmupRatio: 0.1,
          seed: 42,
          bf16: variant === 'bf16',
        },
      });
      const seconds = (performance.now() - started) / 1000;
      model.dispose();
      return { seconds, count: summary.pairs };
    },
    async output() {
      const { step, meanLoss } = /** @type {NonNullable<typeof summary>} */ (summary);
      return { steps: Int32Array.of(step), meanLoss: Float64Array.of(meanLoss) };
    },
  };
}
