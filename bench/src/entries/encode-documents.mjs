import { textsOfTokens } from '../inputs.mjs';
import { englishModels } from '../models.mjs';
import { ENCODING_CHECKS, ENCODING_SIDES } from './encode-sentences.mjs';

const COUNTS = { check: [100, 50], quick: [8000, 1000], full: [20_000, 1500] };
const TOKENS = [65, 500];

/** @type {import('../entry.mjs').Entry} */
export const encodeDocuments = {
  name: 'encode-documents',
  work: 'texts of 65 and of 500 tokens to 1,024 dims of float32, normalised',
  kind: 'rounds',
  unit: { name: 'texts', perSecond: true },
  sides: ENCODING_SIDES,
  rounds: { check: 1, quick: 5, full: 11 },
  async cases(scale) {
    const models = await englishModels();
    return Promise.all(
      TOKENS.map(async (tokens, i) => ({
        name: `${tokens} tokens`,
        texts: await textsOfTokens(tokens, COUNTS[scale][i] ?? 0),
        models,
      })),
    );
  },
  checks: ENCODING_CHECKS,
  marks: TOKENS.flatMap((tokens) => [
    { case: `${tokens} tokens`, figure: 'time', against: ['sentence-transformers'], ratio: 8 },
    { case: `${tokens} tokens`, figure: 'time', against: ['model2vec'], ratio: 5 },
  ]),
};
