import {
  BATCH_SAMPLER_CONTRACT,
  type BatchSampler,
  type BatchSamplerOptions,
  createRandom,
  EmbedbagError,
  type Random,
  type SampledRows,
} from '@embedbag/core';
import { orderedStream, rowsOrigin } from './ordered-stream.js';
import { ascendingRows } from './stream-arguments.js';

const NAME = 'GROUP_BY_LABEL';
/** Rows that a label gives at a time. */
const PAIR = 2;
/** Two pairs: fewer rows have no two labels. */
const SMALLEST_BATCH = 2 * PAIR;

function checkEvenBatchSize({ batchSize }: BatchSamplerOptions): void {
  if (Number.isSafeInteger(batchSize) && batchSize >= SMALLEST_BATCH && batchSize % PAIR === 0) return;
  throw new EmbedbagError({
    code: 'batch-size-invalid',
    message: `Expected \`batchSize\` to be an even number of at least ${SMALLEST_BATCH} for ${NAME}, received ${batchSize}. Rows come in pairs of one label, and every batch has two labels.`,
    details: { received: String(batchSize) },
  });
}

function labelsOf(rows: SampledRows): Float32Array {
  const labels = rows.labels?.(ascendingRows(rows.rowCount));
  if (labels?.length === rows.rowCount) return labels;
  const received = labels === undefined ? 'none' : `${labels.length} for ${rows.rowCount} rows`;
  throw new EmbedbagError({
    code: 'labels-missing',
    message: `Expected one label a row for ${NAME}, received ${received}. Give the dataset a label column, or choose another batch sampler.`,
    details: { labels: labels?.length ?? 0, rows: rows.rowCount },
  });
}

/** The rows of every label that has at least two, in the order of the labels' first rows. */
function groupRows(labels: Float32Array): number[][] {
  const byLabel = new Map<number, number[]>();
  for (const [row, label] of labels.entries()) {
    const group = byLabel.get(label);
    if (group === undefined) byLabel.set(label, [row]);
    else group.push(row);
  }
  const groups = [...byLabel.values()].filter((group) => group.length >= PAIR);
  if (groups.length >= 2) return groups;
  throw new EmbedbagError({
    code: 'labels-too-few',
    message: `Expected at least 2 labels with at least 2 rows each for ${NAME}, received ${groups.length} of ${byLabel.size} labels. Check the label column, or choose another batch sampler.`,
    details: { labels: byLabel.size, usableLabels: groups.length },
  });
}

/**
 * The order of all rows that are drawn: label after label gives two rows, in an order that is drawn anew each round, until
 * fewer than two labels have any left.
 */
function interleavedRows(groups: readonly number[][], batchSize: number, random: Random): Int32Array {
  for (const group of groups) random.shuffle(group);
  const order: number[] = [];
  let labels = groups.map((_, label) => label);
  let lastLabel = -1;
  for (let taken = 0; labels.length >= 2; taken += PAIR) {
    random.shuffle(labels);
    // Two pairs of one label after the other would be one label less in the batch.
    if (order.length % batchSize > 0 && labels[0] === lastLabel) [labels[0], labels[1]] = [labels[1]!, labels[0]!];
    for (const label of labels) order.push(...groups[label]!.slice(taken, taken + PAIR));
    lastLabel = labels.at(-1)!;
    labels = labels.filter((label) => groups[label]!.length >= taken + 2 * PAIR);
  }
  return Int32Array.from(order);
}

/**
 * GROUP_BY_LABEL: batches in which every label has at least two rows, and at least two labels are there, for losses that
 * make their triplets from the labels of a batch.
 *
 * The rows of each label are shuffled. The labels give two rows each in turn, in an order that is drawn anew each round,
 * until fewer than two labels have rows left; the rest, and labels with a single row, are not drawn. What remains at the end
 * is a batch where it has at least four rows and `dropLast` is false. Follows `GroupByLabelBatchSampler` of
 * sentence-transformers 6.2.
 * It does not mind `blocks`: of rows that do not lie in memory, a batch is read from as many blocks as it has labels.
 *
 * `open` throws `batch-size-invalid` unless `batchSize` is even and at least 4, `labels-missing` and `labels-too-few`;
 * `skip` throws `skip-invalid`, `restore` throws `stream-state-invalid`.
 *
 * @example
 * ```ts
 * const stream = groupByLabelBatchSampler().open(dataset, { batchSize: 128, dropLast: false, seed: 42 });
 * const rows = stream.next();
 * ```
 */
export function groupByLabelBatchSampler(): BatchSampler {
  return {
    contract: BATCH_SAMPLER_CONTRACT,
    name: NAME,
    config: {},
    open(rows, options) {
      checkEvenBatchSize(options);
      const { batchSize, dropLast, seed } = options;
      const order = interleavedRows(groupRows(labelsOf(rows)), batchSize, createRandom(seed, NAME));
      const hasRest = !dropLast && order.length % batchSize >= SMALLEST_BATCH;
      const count = Math.floor(order.length / batchSize) + (hasRest ? 1 : 0);
      return orderedStream({ origin: rowsOrigin(NAME, rows, options), order, batchSize, count });
    },
  };
}
