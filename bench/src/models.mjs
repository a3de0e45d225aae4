/** The models that the sides load: the same random table in the layouts of sentence-transformers and of model2vec. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './folders.mjs';
import { tokenizerFile } from './inputs.mjs';

/** Columns of the models. */
export const DIMENSION = 1024;
const SEED = 42;

/**
 * @param {import('@embedbag/static-embedding').StaticEmbedding} model
 * @param {string} folder
 */
async function saveForModel2vec(model, folder) {
  const { writeSafetensors } = await import('@embedbag/static-embedding');
  mkdirSync(folder, { recursive: true });
  const { rows, columns, data } = model.table;
  await writeSafetensors(path.join(folder, 'model.safetensors'), { embeddings: { shape: [rows, columns], data } });
  writeFileSync(path.join(folder, 'tokenizer.json'), model.tokenizer.toJson());
  // Longer than any text here: model2vec cuts by characters before it cuts by tokens.
  const config = { max_length: 10_000, normalize: true, embedding_dtype: 'float32' };
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
}

/**
 * The folders of a random model of 30,522 tokens and 1,024 dimensions.
 *
 * @returns {Promise<{ sentenceTransformers: string, model2vec: string }>}
 */
export async function englishModels() {
  const folder = path.join(cacheFolder, `model-${DIMENSION}`);
  const folders = {
    sentenceTransformers: path.join(folder, 'sentence-transformers'),
    model2vec: path.join(folder, 'model2vec'),
  };
  if (existsSync(folder)) return folders;
  process.stderr.write('  making the models\n');
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const [{ createTypeScriptKernels }, { StaticEmbedding }, { loadTokenizer }] = await Promise.all([
    import('@embedbag/kernels'),
    import('@embedbag/static-embedding'),
    import('@embedbag/tokenization'),
  ]);
  const tokenizer = await loadTokenizer(tokenizerFile('bert-base-uncased'));
  const kernels = createTypeScriptKernels();
  const model = await StaticEmbedding.create({ tokenizer, dimension: DIMENSION, seed: SEED, kernels });
  await model.save(path.join(unfinished, 'sentence-transformers'));
  await saveForModel2vec(model, path.join(unfinished, 'model2vec'));
  model.dispose();
  kernels.dispose();
  renameSync(unfinished, folder);
  return folders;
}
