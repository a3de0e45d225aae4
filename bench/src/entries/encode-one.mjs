import { ourSide, peerSide } from '../entry.mjs';
import { shortSentences } from '../inputs.mjs';
import { englishModels } from '../models.mjs';
import { ENCODING_CHECKS } from './encode-sentences.mjs';

const CALLS = { check: 20, quick: 2000, full: 10_000 };

/** @type {import('../entry.mjs').Entry} */
export const encodeOne = {
  name: 'encode-one',
  work: 'one short text in a warm process',
  kind: 'rounds',
  unit: { name: 'text', perSecond: false },
  sides: [
    ourSide('encode-one'),
    peerSide('sentence-transformers', 'encode_one', ['sentence-transformers', 'torch'], 'sentence-transformers'),
    peerSide('model2vec', 'encode_one', ['model2vec'], 'model2vec'),
  ],
  rounds: { check: 1, quick: 5, full: 11 },
  async cases(scale) {
    const calls = CALLS[scale];
    return [{ name: 'one text', texts: shortSentences(1000), calls, models: await englishModels() }];
  },
  checks: ENCODING_CHECKS,
  marks: [
    { case: 'one text', figure: 'p50', against: ['sentence-transformers'], ratio: 30 },
    { case: 'one text', figure: 'p99', against: ['sentence-transformers'], ratio: 30 },
    { case: 'one text', figure: 'p50', against: ['model2vec'], ratio: 10 },
    { case: 'one text', figure: 'p99', against: ['model2vec'], ratio: 10 },
  ],
};
