import { ourSide } from '../entry.mjs';
import { laterOverEarlier } from '../growth.mjs';
import { englishTraining, multilingualSentences, shortSentences } from '../inputs.mjs';
import { englishModels, randomModel } from '../models.mjs';
import { shortBytes, shortNumber } from '../results-table.mjs';

/** @typedef {import('../entry.mjs').Entry} Entry */
/** @typedef {import('../marks.mjs').Measurement} Measurement */
/** @typedef {import('../entry.mjs').Case} Case */

const MOST_GROWTH = 1.05;
const STEPS_A_ROUND = { check: 5, quick: 200, full: 200 };
const TEXTS_A_ROUND = { check: 2000, quick: 500_000, full: 500_000 };
const DISTINCT_TEXTS = { check: 500, quick: 88_877, full: 88_877 };
/** Ten rounds count, after one to warm up. */
const ROUNDS = { check: 4, quick: 10, full: 10 };

/** What is trained, by scale; a step of the full size takes about half a second. */
const TRAINING = {
  check: { share: 0.002, batchSize: 32, dimension: 64, dims: [64, 32] },
  quick: { share: 0.125, batchSize: 256, dimension: 256, dims: [256, 128, 64, 32] },
  full: { share: 1, batchSize: 2048, dimension: 1024, dims: [1024, 768, 512, 256, 128, 64, 32] },
};

/**
 * A figure of the one side of an entry, a value a round.
 *
 * @param {readonly Measurement[]} measurements
 * @param {string} figure
 */
const valuesOf = (measurements, figure) => measurements[0]?.figures[figure] ?? [];

/**
 * @param {readonly Measurement[]} measurements
 * @returns {import('../marks.mjs').OwnMark[]}
 */
function flatnessMarks(measurements) {
  const resident = valuesOf(measurements, 'residentBytes');
  const wasm = valuesOf(measurements, 'wasmBytes');
  if (resident.length < 2) return [];
  const mark = /** @type {const} */ ({ sense: 'at most', unit: 'x' });
  return [
    {
      ...mark,
      label: 'resident memory, later rounds over earlier ones',
      value: laterOverEarlier(resident),
      wanted: MOST_GROWTH,
    },
    {
      ...mark,
      label: 'WebAssembly memory, last round over first',
      value: Number(wasm.at(-1)) / Number(wasm[0]),
      wanted: 1,
    },
  ];
}

/**
 * The memory after each round.
 *
 * @param {readonly Measurement[]} measurements
 * @param {string} title
 * @param {string} axis
 * @returns {import('../curve.mjs').Curve}
 */
function memoryCurve(measurements, title, axis) {
  const count = measurements[0]?.count ?? 0;
  const points = (/** @type {string} */ figure) =>
    valuesOf(measurements, figure).map((bytes, round) => /** @type {const} */ ([(round + 2) * count, bytes]));
  const series = [
    { name: 'resident', points: points('residentBytes') },
    { name: 'WebAssembly', points: points('wasmBytes') },
  ];
  return { title, axis, panels: [{ title: 'Most memory in a round', unit: 'bytes', scale: 'linear', series }] };
}

/**
 * @param {readonly Measurement[]} measurements
 * @param {string} unit
 */
function flatnessRemark(measurements, unit) {
  const resident = valuesOf(measurements, 'residentBytes');
  const work = (measurements[0]?.count ?? 0) * resident.length;
  const added = Number(resident.at(-1)) - Number(resident[0]);
  const change = `${added < 0 ? 'falls' : 'rises'} by ${shortBytes(Math.abs(added))}`;
  return `resident memory ${change} from the first to the last of ${shortNumber(work)} ${unit}, after as many as a round to warm up`;
}

/** @type {Entry} */
export const trainMemory = {
  name: 'train-memory',
  work: 'memory over 2,000 steps of a run; full: 2,048 rows of 1,024 dims (20 minutes), quick: 256 rows of 256 dims',
  kind: 'rounds',
  unit: { name: 'step', perSecond: false },
  sides: [ourSide('train-memory')],
  rounds: ROUNDS,
  async cases(scale) {
    const { share, dimension, ...rest } = TRAINING[scale];
    const model = await randomModel({ dimension });
    return [{ ...rest, name: 'steps', folder: englishTraining(share), model, steps: STEPS_A_ROUND[scale] }];
  },
  checks: [],
  marks: [],
  ownMarks: flatnessMarks,
  remarks: (measurements) => [flatnessRemark(measurements, 'steps')],
  curve: (measurements) => memoryCurve(measurements, 'Memory while training', 'steps'),
  notes: ['the run reads, tokenizes and samples the English texts, epoch after epoch; memory is sampled at every step'],
};

/** @type {Entry} */
export const encodeMemory = {
  name: 'encode-memory',
  work: 'memory over 5,000,000 texts streamed through the encoder, to 1,024 dims',
  kind: 'rounds',
  unit: { name: 'texts', perSecond: true },
  sides: [ourSide('encode-memory')],
  rounds: ROUNDS,
  async cases(scale) {
    const count = DISTINCT_TEXTS[scale];
    return [
      {
        name: 'texts',
        texts: [shortSentences(count), multilingualSentences(count)],
        textsARound: TEXTS_A_ROUND[scale],
        model: (await englishModels()).sentenceTransformers,
      },
    ];
  },
  checks: [],
  marks: [],
  ownMarks: flatnessMarks,
  remarks: (measurements) => [flatnessRemark(measurements, 'texts')],
  curve: (measurements) => memoryCurve(measurements, 'Memory while encoding', 'texts'),
  notes: [
    'sentences in 113 languages, over and over, each with its number behind it, so that words that were never seen before keep coming; memory is sampled every 1,000 texts',
  ],
};
