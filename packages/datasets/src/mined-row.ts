/** What {@link mineHardNegatives} makes of an anchor; the names are those of sentence-transformers. */
export type MiningFormat = 'triplet' | 'n-tuple' | 'n-tuple-scores' | 'labeled-pair' | 'labeled-list';

/** A row that was mined: texts by role, and labels or scores. */
export interface MinedRow {
  readonly anchor: string;
  /** A list in the format `labeled-list`: a positive, then negatives. In `labeled-pair` either of them. */
  readonly positive: string | readonly string[];
  readonly negative?: string;
  readonly [negative: `negative_${number}`]: string;
  /** Of `labeled-pair`: 1 for a positive, 0 for a negative. */
  readonly label?: number;
  /** Of `labeled-pair` with scores. */
  readonly score?: number;
  /** Of `labeled-list`: 1 for the positive, 0 for the negatives. */
  readonly labels?: readonly number[];
  /** Of the positive, then of the negatives, in the order of the texts. */
  readonly scores?: readonly number[];
}

/** A text with its score. */
export interface ScoredText {
  readonly text: string;
  readonly score: number;
}

/** An anchor with what was found for it, best first. */
export interface MinedAnchor {
  readonly anchor: string;
  readonly positives: readonly ScoredText[];
  readonly negatives: readonly ScoredText[];
}

/** How rows are made. */
export interface RowSettings {
  readonly outputFormat: Exclude<MiningFormat, 'n-tuple-scores'>;
  readonly outputScores: boolean;
  readonly numNegatives: number;
}

const textOf = ({ text }: ScoredText): string => text;
const scoreOf = ({ score }: ScoredText): number => score;

function* pairRows({ anchor, positives, negatives }: MinedAnchor, outputScores: boolean): Generator<MinedRow> {
  for (const [texts, label] of [[positives, 1] as const, [negatives, 0] as const]) {
    for (const { text, score } of texts) {
      yield { anchor, positive: text, ...(outputScores ? { score } : { label }) };
    }
  }
}

/** The rows of an anchor. Of `triplet` and `labeled-list` there are none where no negative was found, of `n-tuple` where one lacks. */
export function* minedRows(mined: MinedAnchor, settings: RowSettings): Generator<MinedRow> {
  const { anchor, positives, negatives } = mined;
  const { outputFormat, outputScores, numNegatives } = settings;
  if (outputFormat === 'labeled-pair') return yield* pairRows(mined, outputScores);
  for (const positive of positives) {
    const scores = [positive, ...negatives].map(scoreOf);
    if (outputFormat === 'triplet') {
      for (const { text, score } of negatives) {
        yield {
          anchor,
          positive: positive.text,
          negative: text,
          ...(outputScores && { scores: [positive.score, score] }),
        };
      }
    } else if (outputFormat === 'labeled-list') {
      if (negatives.length === 0) continue;
      const texts = [positive, ...negatives].map(textOf);
      yield {
        anchor,
        positive: texts,
        ...(outputScores ? { scores } : { labels: scores.map((_, i) => (i === 0 ? 1 : 0)) }),
      };
    } else if (negatives.length === numNegatives) {
      const named = Object.fromEntries(negatives.map(({ text }, i) => [`negative_${i + 1}`, text]));
      yield { anchor, positive: positive.text, ...named, ...(outputScores && { scores }) };
    }
  }
}
