import { ourSide, peerSide } from '../entry.mjs';
import { definitions } from '../inputs.mjs';
import { englishModels } from '../models.mjs';

const DOCUMENTS = { check: 500, quick: 25_000, full: 100_000 };
const QUERIES = { check: 20, quick: 500, full: 1000 };
const DIMS = [1024, 512, 256, 128, 64, 32];

/** @type {import('../entry.mjs').Entry} */
export const evaluate = {
  name: 'evaluate',
  work: 'information retrieval at 6 dims: definitions of WordNet; full: 100,000 documents x 1,000 queries, quick: 25,000 x 500',
  kind: 'rounds',
  unit: { name: 'evaluation', perSecond: false },
  sides: [
    ourSide('evaluate'),
    peerSide('InformationRetrievalEvaluator', 'evaluate_retrieval', ['sentence-transformers', 'torch']),
  ],
  rounds: { check: 1, quick: 3, full: 5 },
  async cases(scale) {
    const set = definitions(DOCUMENTS[scale], QUERIES[scale]);
    return [{ name: 'retrieval', set, dims: DIMS, model: (await englishModels()).sentenceTransformers }];
  },
  checks: [{ name: 'scores', tolerance: 1e-3 }],
  marks: [{ case: 'retrieval', figure: 'time', against: ['InformationRetrievalEvaluator'], ratio: 3 }],
  notes: ['the peer is one evaluator a dim with its default batch size, as the recipe of the article has it'],
};
