import { seriesOf } from '../curve.mjs';
import { growthMarks } from '../growth.mjs';
import { pairs } from '../inputs.mjs';
import { DIMENSION, englishModels } from '../models.mjs';
import { LOSS_CHECKS, STEP_PEERS, steppingSides } from './train-step.mjs';

const ROWS = { check: [64, 128, 256], quick: [2048, 4096, 8192], full: [2048, 8192, 16_384] };
/** Rows of the one step with the cached loss, which no peer takes. */
const CACHED_ROWS = { check: 512, quick: 16_384, full: 65_536 };
const MINI_BATCH_SIZE = 1024;

/** @type {import('../entry.mjs').Entry} */
export const trainLargeBatch = {
  name: 'train-large-batch',
  work: 'a step of MNRL at all 1,024 dims; full: 16,384 rows and, with the cached loss, 65,536; quick: 8,192 and 16,384',
  kind: 'rounds',
  processes: 'case',
  unit: { name: 'step', perSecond: false },
  sides: steppingSides(STEP_PEERS.slice(0, 1)),
  rounds: { check: 1, quick: 2, full: 5 },
  async cases(scale) {
    const step = {
      steps: 1,
      dims: [DIMENSION],
      learningRate: 0.2,
      model: (await englishModels()).sentenceTransformers,
    };
    const largest = Math.max(...ROWS[scale]);
    const cached = CACHED_ROWS[scale];
    return [
      ...ROWS[scale].map((rows) => ({
        ...step,
        name: `${rows.toLocaleString('en-US')} rows`,
        rows,
        pairs: pairs(largest),
        ...(rows < largest && { sides: ['embedbag'] }),
      })),
      {
        ...step,
        name: `${cached.toLocaleString('en-US')} rows, cached loss`,
        rows: cached,
        pairs: pairs(cached),
        miniBatchSize: MINI_BATCH_SIZE,
        sides: ['embedbag'],
        rounds: 1,
      },
    ];
  },
  checks: LOSS_CHECKS,
  marks: [],
  ownMarks(measurements, cases) {
    const sizes = new Map(cases.map(({ name, rows }) => [name, Number(rows)]));
    const [time = [], memory = []] = ['time', 'peakBytes'].map(
      (figure) => seriesOf(measurements, sizes, figure)[0]?.points,
    );
    return growthMarks({ time, memory }, { sizes: 'rows', growth: { name: 'rows x rows', of: (rows) => rows ** 2 } });
  },
  notes: [
    'memory that grew with batch x batch would stand at 3.3x (full: 7.2x) where memory that grows with batch x dim stands at 1x',
    `the cached loss takes mini-batches of ${MINI_BATCH_SIZE} rows and one round`,
  ],
};
