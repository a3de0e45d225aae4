import { ourBf16Side, ourSide, peerSide } from '../entry.mjs';
import { englishTraining } from '../inputs.mjs';
import { englishModels } from '../models.mjs';
import { BF16_NOTE } from './train-step.mjs';

const SHARE = { check: 0.002, quick: 0.125, full: 1 };
const BATCH = { check: 64, quick: 2048, full: 2048 };
const DIMS = [1024, 768, 512, 256, 128, 64, 32];
const PEERS = ['SentenceTransformerTrainer float32', 'SentenceTransformerTrainer bf16'];
const PACKAGES = ['sentence-transformers', 'torch', 'transformers', 'datasets', 'accelerate'];
const MEMORY_SHARE = 0.6;

/** @type {import('../entry.mjs').Entry} */
export const trainEnglish = {
  name: 'train-english',
  work: 'the English recipe: reading, tokenizing, sampling and training; full: all 225,665 rows, quick: an eighth',
  kind: 'rounds',
  unit: { name: 'pairs', perSecond: true },
  sides: [
    ourSide('train-english'),
    ourBf16Side('train-english'),
    peerSide(PEERS[0] ?? '', 'train_recipe', PACKAGES, 'float32'),
    peerSide(PEERS[1] ?? '', 'train_recipe', PACKAGES, 'bfloat16'),
  ],
  rounds: { check: 1, quick: 2, full: 3 },
  async cases(scale) {
    const model = (await englishModels()).sentenceTransformers;
    const folder = englishTraining(SHARE[scale]);
    return [{ name: 'recipe', folder, model, dims: DIMS, batchSize: BATCH[scale] }];
  },
  checks: [
    // Samplers draw other rows into other batches, so steps are the same and losses are alike.
    { name: 'steps', tolerance: 0 },
    { name: 'meanLoss', tolerance: 0.05, isRelative: true },
  ],
  marks: [
    { case: 'recipe', figure: 'time', against: PEERS.slice(0, 1), ratio: 3 },
    { case: 'recipe', figure: 'time', of: 'embedbag bf16', against: PEERS, ratio: 2.2 },
    { case: 'recipe', figure: 'peakBytes', against: PEERS, ratio: 1 / MEMORY_SHARE },
  ],
  notes: [BF16_NOTE, "the table is made before; the last round's memory is the peak of all rounds in one process"],
};
