import { createKernels } from '@embedbag/kernels';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { readTexts, secondsOf, someRows } from './work.mjs';

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  /** @type {readonly string[]} */
  let texts = [];
  /** @type {any} */
  let models;
  /** @type {Awaited<ReturnType<typeof createKernels>> | undefined} */
  let kernels;
  /** @type {import('@embedbag/core').Matrix | undefined} */
  let embeddings;

  /** @param {string} folder */
  const encodeAll = async (folder) => {
    embeddings = undefined;
    const model = await StaticEmbedding.load(folder, kernels === undefined ? {} : { kernels });
    // The table is read once, as after any earlier call; the memory of words stays empty.
    model.encode('a');
    const seconds = secondsOf(() => {
      embeddings = model.encode(texts, { normalize: true });
    });
    model.dispose();
    return seconds;
  };
  const rows = () => someRows(/** @type {NonNullable<typeof embeddings>} */ (embeddings));

  return {
    async prepare(settings) {
      texts = readTexts(settings.texts);
      models = settings.models;
      kernels ??= await createKernels();
      return { note: `${kernels.backend}, ${kernels.threads} threads` };
    },
    async round() {
      return { seconds: await encodeAll(models.sentenceTransformers), count: texts.length };
    },
    async output() {
      const first = rows();
      await encodeAll(models.model2vec);
      return { embeddings: first, embeddingsOfModel2vec: rows() };
    },
  };
}
