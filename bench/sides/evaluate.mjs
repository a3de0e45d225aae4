import { informationRetrievalEvaluator } from '@embedbag/evaluators';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { readJsonFile } from './work.mjs';

/** The figures that are compared, a dim each. */
const METRICS = ['cosine_accuracy@1', 'cosine_ndcg@10', 'cosine_mrr@10', 'cosine_map@100'];

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  /** @type {StaticEmbedding | undefined} */
  let model;
  /** @type {any} */
  let set;
  /** @type {number[]} */
  let dims = [];
  /** @type {number[]} */
  let scores = [];
  return {
    async prepare(settings) {
      dims = settings.dims;
      set = readJsonFile(settings.set);
      model?.dispose();
      model = await StaticEmbedding.load(settings.model);
      return { note: `${model.kernels.backend}, ${model.kernels.threads} threads` };
    },
    async round() {
      const started = performance.now();
      const evaluator = informationRetrievalEvaluator({ ...set, name: 'definitions', truncateDims: dims });
      const { byDim } = await evaluator.evaluate(/** @type {StaticEmbedding} */ (model));
      const seconds = (performance.now() - started) / 1000;
      scores = dims.flatMap((dim) => METRICS.map((metric) => byDim[dim]?.[metric] ?? Number.NaN));
      return { seconds, count: 1 };
    },
    async output() {
      return { scores: Float64Array.from(scores) };
    },
  };
}
