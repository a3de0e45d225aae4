import { ourSide, peerSide } from '../entry.mjs';
import { pairs } from '../inputs.mjs';
import { medianOf } from '../marks.mjs';

const ROWS = { check: 5000, quick: 300_000, full: 2_000_000 };
const PEERS = ['NO_DUPLICATES', 'NO_DUPLICATES_HASHED'];
const PACKAGES = ['sentence-transformers', 'datasets', 'xxhash'];
const LEAST_ROWS_PER_SECOND = 2e6;

/** @type {import('../entry.mjs').Entry} */
export const sampler = {
  name: 'sampler',
  work: 'all batches of 2,048 of NO_DUPLICATES over two-column rows; full: 2,000,000 rows, quick: 300,000',
  kind: 'rounds',
  unit: { name: 'rows', perSecond: true },
  sides: [ourSide('sampler'), ...PEERS.map((name) => peerSide(name, 'sample_batches', PACKAGES, name))],
  rounds: { check: 1, quick: 2, full: 5 },
  async cases(scale) {
    const common = { pairs: pairs(ROWS[scale]), batchSize: scale === 'check' ? 256 : 2048 };
    return [
      { ...common, name: 'first pass', withHashing: true },
      { ...common, name: 'later pass', withHashing: false },
    ];
  },
  checks: [
    { name: 'rowsSeen', tolerance: 0 },
    { name: 'batches', tolerance: 0.05, isRelative: true },
  ],
  marks: ['first pass', 'later pass'].map((name) => ({ case: name, figure: 'time', against: PEERS, ratio: 20 })),
  ownMarks(measurements) {
    const time = medianOf(measurements, 'later pass', 'embedbag', 'time');
    if (time === undefined) return [];
    const value = 1 / time;
    return [
      {
        label: 'rows a second in a later pass',
        value,
        wanted: LEAST_ROWS_PER_SECOND,
        sense: 'at least',
        unit: ' rows/s',
      },
    ];
  },
  notes: [
    'the first pass hashes the texts, where a sampler does; ours hashes them when a dataset is read, and is timed with it here; both draw until every row was drawn once',
  ],
};
