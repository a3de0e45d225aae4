import { StaticEmbedding } from '@embedbag/static-embedding';
import { percentile } from '../src/statistics.mjs';
import { readTexts, someRows } from './work.mjs';

const WARM_UP_CALLS = 10_000;

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  /** @type {readonly string[]} */
  let texts = [];
  let calls = 0;
  /** @type {any} */
  let models;
  /** @type {StaticEmbedding | undefined} */
  let model;
  let sum = 0;
  return {
    async prepare(settings) {
      ({ calls, models } = settings);
      texts = readTexts(settings.texts);
      model?.dispose();
      model = await StaticEmbedding.load(models.sentenceTransformers);
      // A warm process is one whose code is compiled: an engine does that after some thousand calls.
      for (let call = 0; call < WARM_UP_CALLS; call++) {
        model.encode(/** @type {string} */ (texts[call % texts.length]), { normalize: true });
      }
      return { note: `${model.kernels.backend}, ${model.kernels.threads} threads` };
    },
    async round() {
      const loaded = /** @type {StaticEmbedding} */ (model);
      const times = new Float64Array(calls);
      const started = performance.now();
      for (let call = 0; call < calls; call++) {
        const text = /** @type {string} */ (texts[call % texts.length]);
        const before = process.hrtime.bigint();
        const embedding = loaded.encode(text, { normalize: true });
        times[call] = Number(process.hrtime.bigint() - before) / 1e9;
        sum += embedding[0] ?? 0;
      }
      const seconds = (performance.now() - started) / 1000;
      return { seconds, count: calls, figures: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) } };
    },
    async output() {
      const other = await StaticEmbedding.load(models.model2vec);
      const [embeddings, embeddingsOfModel2vec] = [model, other].map((one) =>
        someRows(/** @type {StaticEmbedding} */ (one).encode(texts, { normalize: true })),
      );
      other.dispose();
      if (!Number.isFinite(sum) || embeddings === undefined || embeddingsOfModel2vec === undefined) {
        throw new Error('Expected finite embeddings.');
      }
      return { embeddings, embeddingsOfModel2vec };
    },
  };
}
