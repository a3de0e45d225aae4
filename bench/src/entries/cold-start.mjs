import { ourSide, peerSide } from '../entry.mjs';
import { englishModels } from '../models.mjs';

/** @type {import('../entry.mjs').Entry} */
export const coldStart = {
  name: 'cold-start',
  work: 'from the start of a process to its first embedding, with the model of 30,522 x 1,024',
  kind: 'startup',
  unit: { name: 'start', perSecond: false },
  sides: [
    ourSide('cold-start'),
    peerSide('sentence-transformers', 'cold_start', ['sentence-transformers', 'torch'], 'sentence-transformers'),
    peerSide('model2vec', 'cold_start', ['model2vec'], 'model2vec'),
  ],
  rounds: { check: 1, quick: 5, full: 11 },
  async cases() {
    const text = 'Which planet is known as the Red Planet?';
    return [{ name: 'first embedding', text, models: await englishModels() }];
  },
  checks: [{ name: 'embedding', tolerance: 1e-5 }],
  marks: [
    { case: 'first embedding', figure: 'time', against: ['sentence-transformers'], ratio: 30 },
    { case: 'first embedding', figure: 'time', against: ['model2vec'], ratio: 2.5 },
    { case: 'first embedding', figure: 'peakBytes', against: ['sentence-transformers'], ratio: 1 },
    { case: 'first embedding', figure: 'peakBytes', against: ['model2vec'], ratio: 1 },
  ],
  notes: ['the files are in the page cache after the first, uncounted start'],
};
