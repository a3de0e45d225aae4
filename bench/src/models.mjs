/** The models that the sides load: the same random table in the layouts of sentence-transformers and of model2vec. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './folders.mjs';
import { tokenizerFile } from './inputs.mjs';

/** Columns of the models. */
export const DIMENSION = 1024;
/** Rows of the table of the English tokenizer. */
export const TOKENS = 30_522;
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
 * The folder `name` of the cache, filled by `fill` when it is not there.
 *
 * @param {string} name
 * @param {(folder: string) => Promise<void>} fill
 */
async function cachedModel(name, fill) {
  const folder = path.join(cacheFolder, name);
  if (existsSync(folder)) return folder;
  process.stderr.write(`  making the model ${name}\n`);
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await fill(unfinished);
  renameSync(unfinished, folder);
  return folder;
}

/**
 * Makes a random model and gives it to `save`.
 *
 * @param {{ dimension: number, tokenizerJson: string }} options
 * @param {(model: import('@embedbag/static-embedding').StaticEmbedding) => Promise<void>} save
 */
async function withRandomModel({ dimension, tokenizerJson }, save) {
  const [{ createTypeScriptKernels }, { StaticEmbedding }, { tokenizerFromJson }] = await Promise.all([
    import('@embedbag/kernels'),
    import('@embedbag/static-embedding'),
    import('@embedbag/tokenization'),
  ]);
  const tokenizer = tokenizerFromJson(tokenizerJson);
  const kernels = createTypeScriptKernels();
  const model = await StaticEmbedding.create({ tokenizer, dimension, seed: SEED, kernels });
  await save(model);
  model.dispose();
  kernels.dispose();
}

/**
 * The English tokenizer with so many tokens: further ones are words that no text has.
 *
 * @param {number} tokens At least its 30,522.
 */
function widenedTokenizer(tokens) {
  const json = JSON.parse(readFileSync(tokenizerFile('bert-base-uncased'), 'utf8'));
  const { vocab } = json.model;
  for (let id = Object.keys(vocab).length; id < tokens; id++) vocab[`fillerword${id}`] = id;
  return JSON.stringify(json);
}

/**
 * The folder of a random model in the layout of sentence-transformers, which all sides but model2vec read.
 *
 * @param {{ dimension: number, tokens?: number }} options `tokens`: rows of the table, default and least 30,522.
 */
export function randomModel({ dimension, tokens = TOKENS }) {
  return cachedModel(`model-${dimension}-of-${tokens}`, (folder) =>
    withRandomModel({ dimension, tokenizerJson: widenedTokenizer(tokens) }, (model) => model.save(folder)),
  );
}

/**
 * The folders of a random model of 30,522 tokens and 1,024 dimensions.
 *
 * @returns {Promise<{ sentenceTransformers: string, model2vec: string }>}
 */
export async function englishModels() {
  const tokenizerJson = readFileSync(tokenizerFile('bert-base-uncased'), 'utf8');
  const folder = await cachedModel(`model-${DIMENSION}`, (unfinished) =>
    withRandomModel({ dimension: DIMENSION, tokenizerJson }, async (model) => {
      await model.save(path.join(unfinished, 'sentence-transformers'));
      await saveForModel2vec(model, path.join(unfinished, 'model2vec'));
    }),
  );
  return {
    sentenceTransformers: path.join(folder, 'sentence-transformers'),
    model2vec: path.join(folder, 'model2vec'),
  };
}

/** The folder of a random model of 105,879 tokens and 1,024 dimensions. */
export function multilingualModel() {
  const tokenizerJson = readFileSync(tokenizerFile('bert-base-multilingual-uncased'), 'utf8');
  return cachedModel(`model-${DIMENSION}-multilingual`, (folder) =>
    withRandomModel({ dimension: DIMENSION, tokenizerJson }, (model) => model.save(folder)),
  );
}
