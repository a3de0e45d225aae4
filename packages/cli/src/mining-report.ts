import type { MiningEvent, MiningRule, MiningSummary, ScoreStatistics } from '@embedbag/datasets';
import { textTable } from './text-table.js';

/** A line is written each time this share more is done. */
const EVERY = 0.1;

/** The option of each rule. */
const OPTION_OF_RULE: Readonly<Record<MiningRule, string>> = {
  absoluteMargin: '--absolute-margin',
  relativeMargin: '--relative-margin',
  maxScore: '--max-score',
  minScore: '--min-score',
};

const count = (value: number): string => value.toLocaleString('en-US');
const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

/** Writes a line to `stderr` now and then while negatives are mined. */
export function miningReporter(stderr: NodeJS.WritableStream): (event: MiningEvent) => void {
  const next = new Map<MiningEvent['type'], number>();
  const tell = (type: MiningEvent['type'], done: number, total: number, line: string): void => {
    const from = next.get(type) ?? EVERY;
    if (done < from * total && done < total) return;
    if (done === total && from > 1) return;
    next.set(type, done === total ? 2 : Math.floor(done / total / EVERY + 1e-9) * EVERY + EVERY);
    stderr.write(`${line}\n`);
  };
  return (event) => {
    if (event.type === 'texts-embedded') {
      const { texts, totalTexts } = event;
      tell(event.type, texts, totalTexts, `Embedded ${count(texts)} of ${count(totalTexts)} texts`);
    } else if (event.type === 'pairs-compared') {
      const { pairs, totalPairs } = event;
      tell(event.type, pairs, totalPairs, `Compared ${Math.floor((100 * pairs) / totalPairs)} % of all pairs`);
    } else if (event.type === 'anchors-mined') {
      const { anchors, totalAnchors, rows } = event;
      tell(
        event.type,
        anchors,
        totalAnchors,
        `Mined ${count(anchors)} of ${count(totalAnchors)} anchors: ${count(rows)} rows`,
      );
    }
  };
}

function statisticsRow(name: string, scores: ScoreStatistics): string[] {
  const { mean, standardDeviation, minimum, maximum } = scores;
  const numbers = [mean, standardDeviation, minimum, maximum].map((value) =>
    Number.isNaN(value) ? '-' : value.toFixed(4),
  );
  return [name, count(scores.count), ...numbers];
}

/** What came of mining, in words: a table of scores and a line for each rule that removed something. */
export function miningReport(summary: MiningSummary, numNegatives: number): string {
  const { anchors, corpusTexts, rows, candidates, skipped, anchorsWithFewerNegatives, anchorsWithoutNegatives } =
    summary;
  const table = textTable(
    ['score', 'count', 'mean', 'deviation', 'lowest', 'highest'],
    [
      statisticsRow('positive', summary.positiveScores),
      statisticsRow('negative', summary.negativeScores),
      statisticsRow('difference', summary.differences),
    ],
  );
  const rules = (Object.entries(skipped) as [MiningRule, number][]).filter(([, removed]) => removed > 0);
  const lines = rules.map(
    ([rule, removed]) =>
      `Passed over ${count(removed)} of ${count(candidates)} near texts (${share(removed, candidates)}) for ${OPTION_OF_RULE[rule]}.`,
  );
  if (anchorsWithFewerNegatives > 0) {
    lines.push(
      `${count(anchorsWithFewerNegatives)} anchors (${share(anchorsWithFewerNegatives, anchors)}) got fewer than ${numNegatives} negatives, ${count(anchorsWithoutNegatives)} of them none. A higher --range-max or looser rules find more.`,
    );
  }
  const head = `${count(rows)} rows for ${count(anchors)} anchors, of ${count(corpusTexts)} texts`;
  return `${head}\n\n${table}\n${lines.map((line) => `${line}\n`).join('')}`;
}
