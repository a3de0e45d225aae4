import { ourBf16Side, ourSide, peerSide, tensorflowSide } from '../entry.mjs';
import { pairs, textsOfTokens } from '../inputs.mjs';
import { medianOf } from '../marks.mjs';
import { englishModels } from '../models.mjs';
import { shortTime } from '../results-table.mjs';
import { median } from '../statistics.mjs';

const DIMS = [1024, 768, 512, 256, 128, 64, 32];
const TOKENS = [12, 60];
const ROWS = { check: 64, quick: 2048, full: 2048 };
/** Steps go through them in turn, so that rows of the table come and go as they do in a run. */
const BATCHES = 4;
const STEPS = { check: 2, quick: 2, full: 4 };
/** The peers that train steps. */
export const STEP_PEERS = ['sentence-transformers float32', 'sentence-transformers bf16'];
const PACKAGES = ['sentence-transformers', 'torch'];

/** The sides that train steps. @param {readonly string[]} names */
export function steppingSides(names) {
  const variants = ['float32', 'bfloat16'];
  return [ourSide('train-step'), ...names.map((name, i) => peerSide(name, 'train_step', PACKAGES, variants[i]))];
}

/** What `bf16` is on our side. */
export const BF16_NOTE =
  'embedbag bf16 is the argument `bf16`, as it is for the peer: ours takes products in 16-bit integers, which move a loss by 1e-5 of its value';

/** Losses in float32, in 16-bit integers and in bfloat16. */
export const LOSS_CHECKS = [
  { name: 'losses', tolerance: 1e-4, isRelative: true },
  { name: 'lossesOfInt16', tolerance: 1e-3, isRelative: true },
  { name: 'lossesOfBfloat16', tolerance: 3e-2, isRelative: true },
];

/**
 * The shares of our step's parts in all of them.
 *
 * @param {readonly import('../marks.mjs').Measurement[]} measurements
 * @param {string} caseName
 * @param {string} side
 */
function partsOf(measurements, caseName, side) {
  const ours = measurements.find((one) => one.case === caseName && one.side === side);
  const parts = Object.entries(ours?.figures ?? {}).flatMap(([name, values]) =>
    name.startsWith('part:') ? [{ name: name.slice('part:'.length), seconds: median(values) }] : [],
  );
  const all = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  return parts.map(({ name, seconds }) => `${name} ${((100 * seconds) / all).toFixed(1)} %`).join(', ');
}

/** @type {import('../entry.mjs').Entry} */
export const trainStep = {
  name: 'train-step',
  work: 'a step with batch 2,048 and 7 Matryoshka dims: forward, loss, backward, clip, AdamW',
  kind: 'rounds',
  unit: { name: 'step', perSecond: false },
  sides: [...steppingSides(STEP_PEERS), ourBf16Side('train-step'), tensorflowSide('train-step')],
  rounds: { check: 1, quick: 5, full: 11 },
  async cases(scale) {
    const model = (await englishModels()).sentenceTransformers;
    const rows = ROWS[scale];
    return Promise.all(
      TOKENS.map(async (tokens) => ({
        name: `${tokens} tokens`,
        texts: await textsOfTokens(tokens, rows * 2 * BATCHES),
        rows,
        batches: BATCHES,
        steps: STEPS[scale],
        dims: DIMS,
        learningRate: 0.2,
        model,
      })),
    );
  },
  checks: LOSS_CHECKS,
  marks: TOKENS.flatMap((tokens) => [
    { case: `${tokens} tokens`, figure: 'time', against: STEP_PEERS.slice(0, 1), ratio: 2.5 },
    { case: `${tokens} tokens`, figure: 'time', of: 'embedbag bf16', against: STEP_PEERS, ratio: 1.5 },
  ]),
  remarks(measurements, cases) {
    return cases.flatMap(({ name }) =>
      ['embedbag', 'embedbag bf16'].flatMap((side) => {
        const [time, limit] = ['time', 'limit'].map((figure) => medianOf(measurements, name, side, figure));
        if (time === undefined || limit === undefined) return [];
        const share = `${(time / limit).toFixed(2)} times the ${shortTime(limit)}`;
        return [
          `${name}, ${side}: a step takes ${share} that its three products take at the best rate of the register tile; ${partsOf(measurements, name, side)}`,
        ];
      }),
    );
  },
  notes: [
    'texts are tokenized before; `limit` is the time of the three products alone, at the rate that the side measures first',
    BF16_NOTE,
  ],
};

const OPTIMIZER_ROWS = { check: 32, quick: 2048, full: 2048 };
const OPTIMIZER_BATCHES = { check: 2, quick: 8, full: 64 };

/** @type {import('../entry.mjs').Entry} */
export const optimizer = {
  name: 'optimizer',
  work: 'the same steps with each mode of the optimizer: dense and deferred give the same bytes, lazy others',
  kind: 'rounds',
  processes: 'case',
  unit: { name: 'step', perSecond: false },
  sides: [ourSide('train-step')],
  rounds: { check: 1, quick: 2, full: 5 },
  async cases(scale) {
    const [rows, batches] = [OPTIMIZER_ROWS[scale], OPTIMIZER_BATCHES[scale]];
    const common = { rows, batches, steps: batches, dims: DIMS, learningRate: 0.2 };
    const model = (await englishModels()).sentenceTransformers;
    return ['dense', 'deferred', 'lazy'].map((mode) => ({
      ...common,
      name: mode,
      optimizer: mode,
      pairs: pairs(rows * batches),
      model,
    }));
  },
  checks: [],
  marks: [],
  notes: ['a round goes through all batches once; full: 64 batches, quick: 8'],
};
