import { StaticEmbedding } from '@embedbag/static-embedding';
import { openSampledMemory } from './sampled-memory.mjs';
import { readTexts } from './work.mjs';

const TEXTS_A_SAMPLE = 1000;

/**
 * `texts` without end, each with its number behind it.
 *
 * @param {readonly string[]} texts
 */
function* endless(texts) {
  for (let i = 0; ; i++) yield `${texts[i % texts.length]} ${i}`;
}

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  let textsARound = 0;
  let sum = 0;
  /** @type {AsyncIterableIterator<Float32Array> | undefined} */
  let embeddings;
  /** @type {ReturnType<typeof openSampledMemory> | undefined} */
  let memory;
  return {
    async prepare(settings) {
      ({ textsARound } = settings);
      const model = await StaticEmbedding.load(settings.model);
      memory = openSampledMemory(model.kernels);
      embeddings = model.encodeStream(endless(settings.texts.flatMap(readTexts)), { normalize: true });
      return { note: `${model.kernels.backend}, ${model.kernels.threads} threads` };
    },
    async round() {
      const started = performance.now();
      for (let i = 0; i < textsARound; i++) {
        const next = await embeddings?.next();
        sum += next?.value?.[0] ?? Number.NaN;
        if (i % TEXTS_A_SAMPLE === 0) memory?.sample();
      }
      if (!Number.isFinite(sum)) throw new Error('Expected finite embeddings.');
      const seconds = (performance.now() - started) / 1000;
      return { seconds, count: textsARound, figures: memory?.take() ?? {} };
    },
    async output() {
      return {};
    },
  };
}
