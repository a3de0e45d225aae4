import { expectedFrom, seriesOf } from '../curve.mjs';
import { ourSide, peerSide } from '../entry.mjs';
import { growthMarks } from '../growth.mjs';
import { definitions, pairs, textsOfTokens } from '../inputs.mjs';
import { DIMENSION, englishModels, randomModel, TOKENS } from '../models.mjs';
import { ENCODING_CHECKS, ENCODING_SIDES } from './encode-sentences.mjs';
import { LOSS_CHECKS, STEP_PEERS, steppingSides } from './train-step.mjs';

/** @typedef {import('../entry.mjs').Entry} Entry */
/** @typedef {import('../entry.mjs').Case} Case */
/** @typedef {import('../command-line.mjs').Scale} Scale */

/**
 * Whether the peers take part in the size `i` of `count`: all of them in full, else those at the ends.
 *
 * @param {Scale} scale
 * @param {number} i
 * @param {number} count
 */
const withPeers = (scale, i, count) => scale === 'full' || i === count - 1 || (scale === 'quick' && i === 0);

/**
 * An entry whose cases are one work in ascending sizes.
 *
 * @param {Pick<Entry, 'name' | 'work' | 'unit' | 'sides' | 'checks'> & Pick<Partial<Entry>, 'notes' | 'rounds'> & {
 *   title: string,
 *   timeTitle: string,
 *   timeOf?: (size: number, timeOfUnit: number) => number,
 *   axis: string,
 *   growth: { name: string, of: (size: number) => number },
 *   sizes: Readonly<Record<Scale, readonly number[]>>,
 *   settings: (size: number, scale: Scale) => Promise<Readonly<Record<string, unknown>>>,
 * }} plan `growth` is what the arithmetic grows with; `settings` are those of the case of a size;
 *   `timeOf` is the time that belongs to a size, default that of a unit.
 * @returns {Entry}
 */
function scalingEntry({ title, timeTitle, timeOf = (_, time) => time, axis, growth, sizes, settings, ...plan }) {
  /** @param {readonly Case[]} cases */
  const sizesOf = (cases) => new Map(cases.map(({ name, size }) => [name, Number(size)]));
  /** @type {(measurements: readonly import('../marks.mjs').Measurement[], cases: readonly Case[]) => import('../curve.mjs').Series[]} */
  const timesOf = (measurements, cases) =>
    seriesOf(measurements, sizesOf(cases), 'time').map(({ name, points }) => ({
      name,
      points: points.map(([size, time]) => [size, timeOf(size, time)]),
    }));
  /** @type {typeof timesOf} */
  const memoriesOf = (measurements, cases) => seriesOf(measurements, sizesOf(cases), 'peakBytes');
  return {
    kind: 'rounds',
    processes: 'case',
    rounds: { check: 1, quick: 2, full: 7 },
    marks: [],
    ...plan,
    async cases(scale) {
      const cases = [];
      // One after the other: several may need a model that is not there yet.
      for (const [i, size] of sizes[scale].entries()) {
        const name = `${size.toLocaleString('en-US')} ${axis}`;
        const sides = withPeers(scale, i, sizes[scale].length) ? {} : { sides: ['embedbag'] };
        cases.push({ ...(await settings(size, scale)), name, size, ...sides });
      }
      return cases;
    },
    ownMarks(measurements, cases) {
      const time = timesOf(measurements, cases)[0]?.points ?? [];
      const memory = memoriesOf(measurements, cases)[0]?.points ?? [];
      return growthMarks({ time, memory }, { sizes: axis, growth });
    },
    curve(measurements, cases) {
      const times = timesOf(measurements, cases);
      const expected = expectedFrom(times[0]?.points ?? [], growth.of);
      return {
        title,
        axis,
        panels: [
          {
            title: timeTitle,
            unit: 'time',
            scale: 'logarithmic',
            series: [...times, { name: `grows with ${growth.name}`, points: expected, isExpected: true }],
          },
          {
            title: 'Most memory of the process',
            unit: 'bytes',
            scale: 'linear',
            series: memoriesOf(measurements, cases),
          },
        ],
      };
    },
  };
}

const STEP_UNIT = { name: 'step', perSecond: false };
const STEP_SIDES = steppingSides(STEP_PEERS.slice(0, 1));
/** Rows of a step where it is not rows that vary. */
const ROWS = { check: 64, quick: 1024, full: 2048 };
const linear = (/** @type {number} */ size) => size;

/** Rows of all steps of a round together: small steps are many. */
const ROWS_A_ROUND = { check: 1, quick: 2048, full: 8192 };

/** Steps go through them in turn. */
const BATCH_COUNT = 2;

/**
 * The settings of steps of MNRL at all dims of a random model.
 *
 * @param {{ scale: Scale, rows: number, largest: number }} size `largest`: the most rows of any case.
 * @param {{ dimension: number, tokens?: number }} model
 */
async function stepSettings({ scale, rows, largest }, model) {
  const { dimension } = model;
  const steps = Math.max(1, Math.floor(ROWS_A_ROUND[scale] / rows));
  const common = { steps, dims: [dimension], learningRate: 0.2 };
  return {
    ...common,
    rows,
    batches: BATCH_COUNT,
    pairs: pairs(largest * BATCH_COUNT),
    model: await randomModel(model),
  };
}

const BATCHES = { check: [32, 64, 128], quick: [512, 1024, 2048, 4096], full: [512, 1024, 2048, 4096, 8192, 16_384] };

/** @type {Entry} */
export const scalingBatch = scalingEntry({
  name: 'scaling-batch',
  work: 'a step of MNRL at 1,024 dims against the rows of its batch',
  title: 'A step against the rows of its batch',
  timeTitle: 'Time of a step',
  axis: 'rows',
  unit: STEP_UNIT,
  sides: STEP_SIDES,
  checks: LOSS_CHECKS,
  growth: { name: 'rows x rows', of: (rows) => rows ** 2 },
  sizes: BATCHES,
  settings: (rows, scale) =>
    stepSettings({ scale, rows, largest: Math.max(...BATCHES[scale]) }, { dimension: DIMENSION }),
});

/** @type {Entry} */
export const scalingDims = scalingEntry({
  name: 'scaling-dims',
  work: 'a step of MNRL against the dims of the model; full: 2,048 rows, quick: 1,024',
  title: 'A step against the dims of the model',
  timeTitle: 'Time of a step',
  axis: 'dims',
  unit: STEP_UNIT,
  sides: STEP_SIDES,
  checks: LOSS_CHECKS,
  growth: { name: 'dims', of: linear },
  sizes: { check: [32, 64, 128], quick: [128, 256, 512, 1024], full: [64, 128, 256, 512, 1024, 2048] },
  settings: (dimension, scale) => stepSettings({ scale, rows: ROWS[scale], largest: ROWS[scale] }, { dimension }),
});

/** @type {Entry} */
export const scalingTable = scalingEntry({
  name: 'scaling-table',
  work: 'a step of MNRL with 256 rows of 256 dims against the rows of the table',
  title: 'A step against the rows of the table',
  timeTitle: 'Time of a step',
  axis: 'rows of the table',
  unit: STEP_UNIT,
  sides: STEP_SIDES,
  checks: LOSS_CHECKS,
  growth: { name: 'rows of the table', of: linear },
  sizes: {
    check: [TOKENS, 2 * TOKENS, 3 * TOKENS],
    quick: [1, 2, 4, 8].map((times) => times * TOKENS),
    full: [1, 2, 4, 8, 16, 24].map((times) => times * TOKENS),
  },
  settings: (tokens, scale) => {
    const rows = Math.min(256, ROWS[scale]);
    return stepSettings({ scale, rows, largest: rows }, { dimension: scale === 'check' ? 16 : 256, tokens });
  },
  notes: ['further tokens are words that no text has'],
});

const TEXTS = { check: 50, quick: 500, full: 1500 };

/** @type {Entry} */
export const scalingTextLength = scalingEntry({
  name: 'scaling-text-length',
  work: 'texts to 1,024 dims against the tokens of a text; full: 1,500 texts, quick: 500',
  title: 'Encoding against the length of the texts',
  timeTitle: 'Time of a text',
  axis: 'tokens',
  unit: { name: 'text', perSecond: false },
  sides: ENCODING_SIDES,
  checks: ENCODING_CHECKS,
  growth: { name: 'tokens', of: linear },
  sizes: { check: [8, 65, 500], quick: [8, 32, 125, 500], full: [8, 16, 32, 65, 125, 250, 500] },
  async settings(tokens, scale) {
    return { texts: await textsOfTokens(tokens, TEXTS[scale]), models: await englishModels() };
  },
});

const QUERIES = { check: 20, quick: 200, full: 1000 };

/** @type {Entry} */
export const scalingDocuments = scalingEntry({
  name: 'scaling-documents',
  work: 'an evaluation of retrieval at 1,024 dims against its documents; full: 1,000 queries, quick: 200',
  title: 'Evaluating retrieval against the documents of the corpus',
  timeTitle: 'Time of an evaluation',
  axis: 'documents',
  unit: { name: 'evaluation', perSecond: false },
  sides: [
    ourSide('evaluate'),
    peerSide('InformationRetrievalEvaluator', 'evaluate_retrieval', ['sentence-transformers', 'torch']),
  ],
  checks: [{ name: 'scores', tolerance: 1e-3 }],
  growth: { name: 'documents', of: linear },
  sizes: { check: [100, 200, 400], quick: [5000, 10_000, 20_000, 40_000], full: [12_500, 25_000, 50_000, 100_000] },
  async settings(documents, scale) {
    const set = definitions(documents, QUERIES[scale]);
    return { set, dims: [DIMENSION], model: (await englishModels()).sentenceTransformers };
  },
});

/** @type {Entry} */
export const scalingPairs = scalingEntry({
  name: 'scaling-pairs',
  work: 'all batches of 2,048 of NO_DUPLICATES against the rows of the dataset, hashing included',
  title: 'Sampling against the rows of the dataset',
  timeTitle: 'Time of all batches',
  axis: 'rows of the dataset',
  unit: { name: 'rows', perSecond: true },
  timeOf: (rows, time) => rows * time,
  sides: [
    ourSide('sampler'),
    peerSide(
      'NO_DUPLICATES_HASHED',
      'sample_batches',
      ['sentence-transformers', 'datasets', 'xxhash'],
      'NO_DUPLICATES_HASHED',
    ),
  ],
  checks: [{ name: 'rowsSeen', tolerance: 0 }],
  growth: { name: 'rows of the dataset', of: linear },
  sizes: {
    check: [1000, 2000, 4000],
    quick: [75_000, 150_000, 300_000],
    full: [125_000, 250_000, 500_000, 1_000_000, 2_000_000],
  },
  async settings(rows, scale) {
    return { pairs: pairs(rows), batchSize: scale === 'check' ? 256 : 2048, withHashing: true };
  },
});
