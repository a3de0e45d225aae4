import type { MiningRule } from './choose-negatives.js';

/** How some scores are spread. Of none, all but `count` are NaN. */
export interface ScoreStatistics {
  readonly count: number;
  readonly mean: number;
  /** Of a sample: divided by `count - 1`. */
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** What came of mining. */
export interface MiningSummary {
  /** Distinct anchors. */
  readonly anchors: number;
  /** Distinct (anchor, positive) pairs. */
  readonly pairs: number;
  /** Distinct texts that negatives were chosen from. */
  readonly corpusTexts: number;
  /** Rows that were made. */
  readonly rows: number;
  /** Anchors that got fewer than `numNegatives`. */
  readonly anchorsWithFewerNegatives: number;
  /** Anchors that got none. */
  readonly anchorsWithoutNegatives: number;
  /** The texts nearest to their anchors, its own positives left out: what the rules were put to. */
  readonly candidates: number;
  /** How many of the candidates each rule removed; of several rules, the first counts. */
  readonly skipped: Readonly<Record<MiningRule, number>>;
  /** Of every pair. */
  readonly positiveScores: ScoreStatistics;
  /** Of every negative, as often as its anchor has positives. */
  readonly negativeScores: ScoreStatistics;
  /** By how much the score of the positive is above that of the negative. */
  readonly differences: ScoreStatistics;
}

/** Mean and spread of numbers that come one by one, after Welford. */
class RunningStatistics {
  private count = 0;
  private mean = 0;
  private squares = 0;
  private minimum = Number.POSITIVE_INFINITY;
  private maximum = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.count += 1;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.squares += before * (value - this.mean);
    this.minimum = Math.min(this.minimum, value);
    this.maximum = Math.max(this.maximum, value);
  }

  get statistics(): ScoreStatistics {
    const { count, mean, squares, minimum, maximum } = this;
    if (count === 0) return { count, mean: NaN, standardDeviation: NaN, minimum: NaN, maximum: NaN };
    return { count, mean, standardDeviation: Math.sqrt(squares / (count - 1)), minimum, maximum };
  }
}

/** Counts while anchors are mined. */
export class MiningTally {
  rows = 0;
  candidates = 0;
  private readonly skipped: Record<MiningRule, number> = {
    absoluteMargin: 0,
    relativeMargin: 0,
    maxScore: 0,
    minScore: 0,
  };
  private anchors = 0;
  private pairs = 0;
  private fewer = 0;
  private without = 0;
  private readonly positives = new RunningStatistics();
  private readonly negatives = new RunningStatistics();
  private readonly differences = new RunningStatistics();

  readonly onSkipped = (rule: MiningRule): void => {
    this.skipped[rule] += 1;
  };

  /** Counts an anchor with the scores that were found for it. */
  add(positives: readonly number[], negatives: readonly number[], numNegatives: number): void {
    this.anchors += 1;
    this.pairs += positives.length;
    if (negatives.length < numNegatives) this.fewer += 1;
    if (negatives.length === 0) this.without += 1;
    for (const positive of positives) {
      this.positives.add(positive);
      for (const negative of negatives) {
        this.negatives.add(negative);
        this.differences.add(positive - negative);
      }
    }
  }

  summary(corpusTexts: number): MiningSummary {
    return {
      anchors: this.anchors,
      pairs: this.pairs,
      corpusTexts,
      rows: this.rows,
      anchorsWithFewerNegatives: this.fewer,
      anchorsWithoutNegatives: this.without,
      candidates: this.candidates,
      skipped: { ...this.skipped },
      positiveScores: this.positives.statistics,
      negativeScores: this.negatives.statistics,
      differences: this.differences.statistics,
    };
  }
}
