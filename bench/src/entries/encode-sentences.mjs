import { ourSide, peerSide } from '../entry.mjs';
import { shortSentences } from '../inputs.mjs';
import { englishModels } from '../models.mjs';

const COUNT = { check: 2000, quick: 88_877, full: 88_877 };

/** The sides that encode many texts. */
export const ENCODING_SIDES = [
  ourSide('encode'),
  peerSide('sentence-transformers', 'encode_texts', ['sentence-transformers', 'torch'], 'sentence-transformers'),
  peerSide('model2vec', 'encode_texts', ['model2vec'], 'model2vec'),
];

/** Both peers' embeddings; model2vec's leave out `[UNK]`, and so do ours that they are compared with. */
export const ENCODING_CHECKS = [
  { name: 'embeddings', tolerance: 1e-5 },
  { name: 'embeddingsOfModel2vec', tolerance: 1e-5 },
];

/** @type {import('../entry.mjs').Entry} */
export const encodeSentences = {
  name: 'encode-sentences',
  work: 'short sentences to 1,024 dims of float32, normalised',
  kind: 'rounds',
  unit: { name: 'sentences', perSecond: true },
  sides: ENCODING_SIDES,
  rounds: { check: 1, quick: 5, full: 11 },
  async cases(scale) {
    return [{ name: 'sentences', texts: shortSentences(COUNT[scale]), models: await englishModels() }];
  },
  checks: ENCODING_CHECKS,
  marks: [
    { case: 'sentences', figure: 'time', against: ['sentence-transformers'], ratio: 12 },
    { case: 'sentences', figure: 'time', against: ['model2vec'], ratio: 6 },
  ],
  notes: [
    'every round of ours loads the model anew, untimed, so that no word was seen before; peers take their fastest batch size',
  ],
};
