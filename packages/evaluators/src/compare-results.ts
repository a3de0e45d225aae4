import {
  createRandom,
  EmbedbagError,
  type EvaluatedItems,
  type EvaluationResult,
  type JsonObject,
  type Random,
} from '@embedbag/core';
import { checkResampling, drawItems, itemsFor, percentileInterval, type ResamplingOptions } from './resampled-items.js';

/** The two results that {@link compareResults} compares, and how. */
export interface CompareResultsOptions extends ResamplingOptions {
  readonly baseline: EvaluationResult;
  /** Of the same evaluator as `baseline`, or one with the same items. */
  readonly candidate: EvaluationResult;
  /** Key of the figure in `candidate`, where it is another, such as that of another dim. Default: `metric`. */
  readonly candidateMetric?: string;
}

/** Two models on the same items. */
export interface ModelComparison {
  readonly metric: string;
  readonly candidateMetric: string;
  readonly baseline: number;
  readonly candidate: number;
  /** The candidate's figure less the baseline's. */
  readonly difference: number;
  /** The interval of the difference, by paired bootstrap. */
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** How often chance alone would make a difference at least as large, if the models were equally good. */
  readonly pValue: number;
  /** What gave `pValue`. */
  readonly test: 'paired-randomisation' | 'paired-bootstrap';
  /** How many queries, pairs or triplets were compared. */
  readonly items: number;
  /** Items on which the candidate is better, equal and worse; only where the metric is a mean over items. */
  readonly wins?: number;
  readonly ties?: number;
  readonly losses?: number;
}

interface Draws {
  readonly resamples: number | undefined;
  readonly seed: number;
}

const RANDOMISATIONS = 10_000;
const BOOTSTRAPS = 2000;
/** Sums of the same numbers in another order differ by this share at most. */
const ROUNDING = 1e-12;

function checkSameItems(baseline: EvaluatedItems, candidate: EvaluatedItems): void {
  const fail = (expected: string, received: string, details: JsonObject): never => {
    throw new EmbedbagError({
      code: 'items-mismatch',
      message: `Expected both results to be of the same items, received ${expected} and ${received}. Evaluate both models with the same evaluator.`,
      details,
    });
  };
  const [first, second] = [baseline.ids.length, candidate.ids.length];
  if (first !== second) fail(String(first), String(second), { baseline: first, candidate: second });
  const other = baseline.ids.findIndex((id, i) => id !== candidate.ids[i]);
  if (other === -1) return;
  fail(`\`${baseline.ids[other]}\``, `\`${candidate.ids[other]}\``, { item: other });
}

/** What each item adds to the difference: items of one group weigh the same, and so do groups. */
function contributions(groups: readonly number[], baseline: Float64Array, candidate: Float64Array): Float64Array {
  const weights = groups.flatMap((size) => new Array<number>(size).fill(1 / (size * groups.length)));
  return candidate.map((value, i) => (value - baseline[i]!) * weights[i]!);
}

/** The share of random signs of the items' contributions that make a sum at least as far from 0 as theirs. */
function randomisationTest(parts: Float64Array, { resamples = RANDOMISATIONS, seed }: Draws): number {
  const random = createRandom(seed, 'paired-randomisation');
  const observed = Math.abs(parts.reduce((sum, part) => sum + part, 0));
  const slack = ROUNDING * parts.reduce((sum, part) => sum + Math.abs(part), 0);
  let asLarge = 0;
  for (let draw = 0; draw < resamples; draw++) {
    let sum = 0;
    let bits = 0;
    for (let i = 0; i < parts.length; i++) {
      if (i % 32 === 0) bits = random.uint32();
      sum += (bits & 1) === 1 ? parts[i]! : -parts[i]!;
      bits >>>= 1;
    }
    if (Math.abs(sum) >= observed - slack) asLarge += 1;
  }
  return (asLarge + 1) / (resamples + 1);
}

/** The differences of the figure over items drawn with replacement, the same for both models. */
function drawnDifferences(
  difference: (items: Int32Array) => number,
  groups: readonly number[],
  draws: Draws,
): Float64Array {
  const { resamples = BOOTSTRAPS, seed } = draws;
  const random: Random = createRandom(seed, 'paired-bootstrap');
  const items = new Int32Array(groups.reduce((sum, size) => sum + size, 0));
  return new Float64Array(resamples).map(() => {
    drawItems(groups, random, items);
    return difference(items);
  });
}

/** The share of drawn differences that lie at least as far from the observed one as that lies from 0. */
function shiftTest(drawn: Float64Array, observed: number): number {
  const asLarge = drawn.filter((each) => !(Math.abs(each - observed) < Math.abs(observed))).length;
  return (asLarge + 1) / (drawn.length + 1);
}

/** How many items are better, equal and worse. */
function countItems(parts: Float64Array): Pick<Required<ModelComparison>, 'wins' | 'ties' | 'losses'> {
  const wins = parts.filter((part) => part > 0).length;
  const losses = parts.filter((part) => part < 0).length;
  return { wins, ties: parts.length - wins - losses, losses };
}

/**
 * Whether one model is better than another on the same items, or only luckier: the difference of a figure, its interval,
 * and how likely chance is to make one as large.
 *
 * Where the figure is a mean over items (NDCG, accuracy, ...), the test is Fisher's paired randomisation test, which
 * Smucker, Allan and Carterette 2007 recommend for retrieval: the two values of each item are exchanged at random. Where it
 * is not (correlations, average precision), it is the paired bootstrap with a shift to no difference (Efron and Tibshirani
 * 1993, chapter 16). Both are two-sided, and count the observed difference as one of the draws (Phipson and Smyth 2010), so
 * that `pValue` is never 0. The interval is by paired bootstrap in either case. Several datasets are weighed equally.
 *
 * Throws `items-missing`, `items-mismatch`, `metric-unknown`, `level-invalid` and `resamples-invalid`.
 *
 * @example
 * ```ts
 * const [baseline, candidate] = [await evaluator.evaluate(old, { withItems: true }), await evaluator.evaluate(model, { withItems: true })];
 * const { difference, low, high, pValue } = compareResults({ baseline, candidate });
 * ```
 */
export function compareResults(options: CompareResultsOptions): ModelComparison {
  checkResampling(options);
  const { baseline, candidate, metric = baseline.primaryMetric, level = 0.95, resamples, seed = 42 } = options;
  const { candidateMetric = metric } = options;
  const [first, second] = [itemsFor(baseline, metric), itemsFor(candidate, candidateMetric)];
  checkSameItems(first, second);
  const [before, after] = [baseline.metrics[metric]!, candidate.metrics[candidateMetric]!];
  const draws: Draws = { resamples, seed };
  const drawn = drawnDifferences(
    (items) => second.measure(candidateMetric, items) - first.measure(metric, items),
    first.groups,
    draws,
  );
  const [ours, theirs] = [second.values[candidateMetric], first.values[metric]];
  const parts = ours && theirs && contributions(first.groups, theirs, ours);
  return {
    metric,
    candidateMetric,
    baseline: before,
    candidate: after,
    difference: after - before,
    ...percentileInterval(drawn, level),
    level,
    pValue: parts === undefined ? shiftTest(drawn, after - before) : randomisationTest(parts, draws),
    test: parts === undefined ? 'paired-bootstrap' : 'paired-randomisation',
    items: first.ids.length,
    ...(parts !== undefined && countItems(parts)),
  };
}
