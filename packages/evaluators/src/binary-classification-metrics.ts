import { averagePrecision, descendingOrder } from './average-precision.js';

/** How well one threshold tells pairs with label 1 from pairs with label 0. */
export interface BinaryFigures {
  readonly accuracy: number;
  readonly accuracy_threshold: number;
  readonly f1: number;
  readonly f1_threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly ap: number;
  readonly mcc: number;
}

const bits = new DataView(new ArrayBuffer(4));

/** The float32 number after `value`, upwards. */
function nextAbove(value: number): number {
  if (value === 0) return 2 ** -149;
  bits.setFloat32(0, value);
  bits.setInt32(0, bits.getInt32(0) + (value > 0 ? 1 : -1));
  return bits.getFloat32(0);
}

/** A place where a threshold can lie: below the first `taken` pairs of a ranking, `found` of which have label 1. */
interface Cut {
  readonly taken: number;
  readonly found: number;
  readonly threshold: number;
}

/** The cuts between pairs of different scores, from the highest score to below the lowest. */
function* cuts(scores: Float32Array, labels: ArrayLike<number>): Generator<Cut> {
  const order = descendingOrder(scores);
  let found = 0;
  for (const [rank, pair] of order.entries()) {
    found += labels[pair]!;
    const score = scores[pair]!;
    const following = scores[order[rank + 1] ?? -1];
    if (following === score) continue;
    // A middle that is rounded down to the next score would take in the next pairs.
    const middle = following === undefined ? score : Math.fround(Math.fround(score + following) / 2);
    yield { taken: rank + 1, found, threshold: middle === following ? score : middle };
  }
}

/** The best accuracy of a threshold, the highest of the best; one above all scores takes no pair. */
function bestAccuracy(
  scores: Float32Array,
  labels: ArrayLike<number>,
  positives: number,
): Pick<BinaryFigures, 'accuracy' | 'accuracy_threshold'> {
  const negatives = scores.length - positives;
  let best = negatives / scores.length;
  let threshold = nextAbove(scores.reduce((highest, score) => Math.max(highest, score), Number.NEGATIVE_INFINITY));
  for (const cut of cuts(scores, labels)) {
    const accuracy = (cut.found + negatives - (cut.taken - cut.found)) / scores.length;
    if (accuracy <= best) continue;
    best = accuracy;
    threshold = cut.threshold;
  }
  return { accuracy: best, accuracy_threshold: threshold };
}

/** The best F1 of a threshold, with its precision and recall; all are 0 where no pair has label 1. */
function bestF1(
  scores: Float32Array,
  labels: ArrayLike<number>,
  positives: number,
): Pick<BinaryFigures, 'f1' | 'f1_threshold' | 'precision' | 'recall'> {
  let best = { f1: 0, f1_threshold: 0, precision: 0, recall: 0 };
  for (const { taken, found, threshold } of cuts(scores, labels)) {
    if (found === 0) continue;
    const precision = found / taken;
    const recall = found / positives;
    const f1 = (2 * precision * recall) / (precision + recall);
    if (f1 > best.f1) best = { f1, f1_threshold: threshold, precision, recall };
  }
  return best;
}

/** Matthews' correlation of labels and predictions, both 0 or 1; 0 where one of them does not vary. */
function matthewsCorrelation(labels: ArrayLike<number>, isPredicted: (i: number) => boolean): number {
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) counts[(labels[i] === 1 ? 2 : 0) + (isPredicted(i) ? 1 : 0)]! += 1;
  const [trueNegative, falsePositive, falseNegative, truePositive] = counts as [number, number, number, number];
  const product =
    Math.sqrt(truePositive + falsePositive) *
    Math.sqrt(truePositive + falseNegative) *
    Math.sqrt(trueNegative + falsePositive) *
    Math.sqrt(trueNegative + falseNegative);
  return product === 0 ? 0 : (truePositive * trueNegative - falsePositive * falseNegative) / product;
}

/**
 * The figures of similarities as predictions of `labels`, 0 or 1. With `isDistance` the scores are negative distances and
 * the thresholds distances.
 */
export function binaryFigures(scores: Float32Array, labels: ArrayLike<number>, isDistance: boolean): BinaryFigures {
  let positives = 0;
  for (let i = 0; i < labels.length; i++) positives += labels[i]!;
  const accuracy = bestAccuracy(scores, labels, positives);
  const { f1, f1_threshold, precision, recall } = bestF1(scores, labels, positives);
  const asGiven = (threshold: number): number => (isDistance && threshold !== 0 ? -threshold : threshold);
  return {
    accuracy: accuracy.accuracy,
    accuracy_threshold: asGiven(accuracy.accuracy_threshold),
    f1,
    f1_threshold: asGiven(f1_threshold),
    precision,
    recall,
    ap: averagePrecision(labels, scores),
    mcc: matthewsCorrelation(labels, (i) => scores[i]! >= f1_threshold),
  };
}
