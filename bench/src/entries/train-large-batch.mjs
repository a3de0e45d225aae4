import { pairs } from '../inputs.mjs';
import { medianOf } from '../marks.mjs';
import { DIMENSION, englishModels } from '../models.mjs';
import { LOSS_CHECKS, steppingSides } from './train-step.mjs';

const ROWS = { check: [64, 128, 256], quick: [2048, 4096, 8192], full: [2048, 8192, 16_384] };
const PEER = 'sentence-transformers float32';
const MOST_GROWTH = 1.4;

/** @type {import('../entry.mjs').Entry} */
export const trainLargeBatch = {
  name: 'train-large-batch',
  work: 'a step of MNRL with large batches, at all 1,024 dims; full: 16,384 rows, quick: 8,192',
  kind: 'rounds',
  unit: { name: 'step', perSecond: false },
  sides: steppingSides([PEER]),
  rounds: { check: 1, quick: 2, full: 5 },
  async cases(scale) {
    const model = (await englishModels()).sentenceTransformers;
    const largest = Math.max(...ROWS[scale]);
    return ROWS[scale].map((rows) => ({
      name: `${rows} rows`,
      pairs: pairs(largest),
      rows,
      steps: 1,
      dims: [DIMENSION],
      learningRate: 0.2,
      model,
      ...(rows < largest && { sides: ['embedbag'] }),
    }));
  },
  checks: LOSS_CHECKS,
  marks: [],
  ownMarks(measurements, cases) {
    const ours = measurements.filter(({ side }) => side === 'embedbag');
    const [small, middle, large] = ours.map((one) => ({
      rows: Number(cases.find(({ name }) => name === one.case)?.rows),
      time: medianOf(ours, one.case, 'embedbag', 'time') ?? Number.NaN,
      bytes: medianOf(ours, one.case, 'embedbag', 'peakBytes') ?? Number.NaN,
    }));
    if (small === undefined || middle === undefined || large === undefined) return [];
    const arithmetic = (large.rows / small.rows) ** 2;
    const added = (large.bytes - middle.bytes) / (middle.bytes - small.bytes);
    const addedRows = (large.rows - middle.rows) / (middle.rows - small.rows);
    return [
      {
        label: `time from ${small.rows} to ${large.rows} rows, over the arithmetic's growth`,
        value: large.time / small.time / arithmetic,
        wanted: MOST_GROWTH,
        sense: 'at most',
        unit: 'x',
      },
      {
        label: `memory added from ${middle.rows} to ${large.rows} rows, over the growth of batch x dim`,
        value: added / addedRows,
        wanted: MOST_GROWTH,
        sense: 'at most',
        unit: 'x',
      },
    ];
  },
  notes: [
    'memory that grew with batch x batch would stand at 2.0x (full: 2.4x) where memory that grows with batch x dim stands at 1x',
    'there is no cached loss yet, so batches of 65,536 are not measured',
  ],
};
