import { ourSide, peerSide } from '../entry.mjs';
import { documents, multilingualSentences, shortSentences, tokenizerFile } from '../inputs.mjs';

/** @typedef {import('../entry.mjs').Entry} Entry */

const SENTENCES = { check: 500, quick: 88_877, full: 88_877 };
const DOCUMENTS = { check: 50, quick: 8000, full: 40_000 };
const NOTES = [
  'ours runs on one thread, tokenizers on all cores; every round of ours begins with an empty memory of words; tokenizers is timed without reading the ids out of its result',
];
const COMMON = /** @type {const} */ ({
  kind: 'rounds',
  unit: { name: 'B', perSecond: true },
  sides: [ourSide('tokenize'), peerSide('tokenizers', 'tokenize_texts', ['tokenizers'])],
  rounds: { check: 1, quick: 5, full: 11 },
  checks: [
    { name: 'ids', tolerance: 0 },
    { name: 'offsets', tolerance: 0 },
  ],
  notes: NOTES,
});

/** @type {Entry} */
export const tokenize = {
  ...COMMON,
  name: 'tokenize',
  work: 'English sentences and documents to ids, exactly those of tokenizers',
  async cases(scale) {
    const tokenizer = tokenizerFile('bert-base-uncased');
    return [
      { name: 'sentences', tokenizer, texts: shortSentences(SENTENCES[scale]) },
      { name: 'documents', tokenizer, texts: documents(DOCUMENTS[scale]) },
    ];
  },
  marks: [
    { case: 'sentences', figure: 'time', against: ['tokenizers'], ratio: 12 },
    { case: 'documents', figure: 'time', against: ['tokenizers'], ratio: 12 },
  ],
};

/** @type {Entry} */
export const tokenizeMultilingual = {
  ...COMMON,
  name: 'tokenize-multilingual',
  work: 'Tatoeba sentences in 112 languages to ids of the multilingual vocabulary',
  async cases(scale) {
    const tokenizer = tokenizerFile('bert-base-multilingual-uncased');
    return [{ name: 'sentences', tokenizer, texts: multilingualSentences(SENTENCES[scale]) }];
  },
  marks: [{ case: 'sentences', figure: 'time', against: ['tokenizers'], ratio: 5 }],
};
