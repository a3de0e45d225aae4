import { ourSide, peerSide } from '../entry.mjs';
import { shortSentences, tokenizerFile } from '../inputs.mjs';
import { englishModels } from '../models.mjs';

const OURS = { check: 2000, quick: 88_877, full: 88_877 };
const THEIRS = { check: 16, quick: 128, full: 4096 };
const PACKAGES = ['sentence-transformers', 'torch', 'transformers'];

/** @type {import('../entry.mjs').Entry} */
export const encodeTransformer = {
  name: 'encode-transformer',
  work: 'the same sentences through transformers of the shapes of MiniLM-L6 and mpnet-base, random weights',
  kind: 'rounds',
  unit: { name: 'sentences', perSecond: true },
  sides: [
    ourSide('encode'),
    peerSide('MiniLM-L6', 'encode_transformer', PACKAGES, 'MiniLM-L6'),
    peerSide('mpnet-base', 'encode_transformer', PACKAGES, 'mpnet-base'),
  ],
  rounds: { check: 1, quick: 2, full: 7 },
  async cases(scale) {
    return [
      {
        name: 'sentences',
        texts: shortSentences(OURS[scale]),
        textsOfPeers: shortSentences(THEIRS[scale]),
        tokenizer: tokenizerFile('bert-base-uncased'),
        models: await englishModels(),
      },
    ];
  },
  checks: [],
  marks: [
    { case: 'sentences', figure: 'time', against: ['MiniLM-L6'], ratio: 400 },
    { case: 'sentences', figure: 'time', against: ['mpnet-base'], ratio: 1500 },
  ],
  notes: [
    'the peers are other models, so nothing is compared but the time of a sentence; they get an evenly spaced part of the sentences',
  ],
};
