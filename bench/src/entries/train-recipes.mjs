import { ourBf16Side, ourSide, peerSide } from '../entry.mjs';
import { englishTraining, multilingualTraining } from '../inputs.mjs';
import { medianOf } from '../marks.mjs';
import { englishModels, multilingualModel } from '../models.mjs';
import { BF16_NOTE } from './train-step.mjs';

const BATCH = { check: 64, quick: 2048, full: 2048 };
const DIMS = [1024, 768, 512, 256, 128, 64, 32];
const PEERS = ['SentenceTransformerTrainer float32', 'SentenceTransformerTrainer bf16'];
const PACKAGES = ['sentence-transformers', 'torch', 'transformers', 'datasets', 'accelerate'];
const ENGLISH_SHARE = { check: 0.002, quick: 0.125, full: 1 };
const ENGLISH_MEMORY_SHARE = 0.6;
const MULTILINGUAL_SHARE = { check: 0.0005, quick: 0.06, full: 1 };
/** The faster one: each of its rounds takes minutes. */
const MULTILINGUAL_PEERS = PEERS.slice(1);
const MULTILINGUAL_TIME_SHARE = 0.45;
const MULTILINGUAL_MOST_BYTES = 2.5e9;

/** What both recipes have in common: reading, tokenizing, sampling and training, by each side. */
const recipe = /** @type {const} */ ({
  kind: 'rounds',
  unit: { name: 'pairs', perSecond: true },
  sides: [
    ourSide('train-recipe'),
    ourBf16Side('train-recipe'),
    peerSide(PEERS[0] ?? '', 'train_recipe', PACKAGES, 'float32'),
    peerSide(PEERS[1] ?? '', 'train_recipe', PACKAGES, 'bfloat16'),
  ],
  checks: [
    // Samplers draw other rows into other batches, so steps are the same and losses are alike.
    { name: 'steps', tolerance: 0 },
    { name: 'meanLoss', tolerance: 0.05, isRelative: true },
  ],
  notes: [BF16_NOTE, "the table is made before; the last round's memory is the peak of all rounds in one process"],
});

/** @type {import('../entry.mjs').Entry} */
export const trainEnglish = {
  ...recipe,
  name: 'train-english',
  work: 'the English recipe: reading, tokenizing, sampling and training; full: all 225,665 rows, quick: an eighth',
  rounds: { check: 1, quick: 2, full: 3 },
  async cases(scale) {
    const model = (await englishModels()).sentenceTransformers;
    const folder = englishTraining(ENGLISH_SHARE[scale]);
    return [{ name: 'recipe', folder, model, dims: DIMS, batchSize: BATCH[scale] }];
  },
  marks: [
    { case: 'recipe', figure: 'time', against: PEERS.slice(0, 1), ratio: 3 },
    { case: 'recipe', figure: 'time', of: 'embedbag bf16', against: PEERS, ratio: 2.2 },
    { case: 'recipe', figure: 'peakBytes', against: PEERS, ratio: 1 / ENGLISH_MEMORY_SHARE },
  ],
};

/** @type {import('../entry.mjs').Entry} */
export const trainMultilingual = {
  ...recipe,
  name: 'train-multilingual',
  sides: recipe.sides.filter(({ name }) => name !== PEERS[0]),
  work: 'the multilingual recipe, a table of 105,879 tokens; full: all 688,000 rows, quick: 6 % of them',
  processes: 'case',
  rounds: { check: 1, quick: 1, full: 1 },
  async cases(scale) {
    const model = await multilingualModel();
    const folder = multilingualTraining(MULTILINGUAL_SHARE[scale]);
    return [{ name: 'recipe', folder, model, dims: DIMS, batchSize: BATCH[scale] }];
  },
  marks: [
    {
      case: 'recipe',
      figure: 'time',
      of: 'embedbag bf16',
      against: MULTILINGUAL_PEERS,
      ratio: 1 / MULTILINGUAL_TIME_SHARE,
    },
  ],
  ownMarks(measurements) {
    const bytes = medianOf(measurements, 'recipe', 'embedbag bf16', 'peakBytes');
    if (bytes === undefined) return [];
    const wanted = MULTILINGUAL_MOST_BYTES / 1e9;
    return [{ label: 'most memory', value: bytes / 1e9, wanted, sense: 'at most', unit: ' GB' }];
  },
};
