import type { Random } from '@embedbag/core';

/** Why a text that is near the anchor is no negative for it. */
export type MiningRule = 'absoluteMargin' | 'relativeMargin' | 'maxScore' | 'minScore';

/** Which of the nearest texts become negatives. */
export interface MiningRules {
  readonly rangeMin: number;
  readonly rangeMax: number;
  readonly maxScore: number | undefined;
  readonly minScore: number | undefined;
  readonly absoluteMargin: number | undefined;
  readonly relativeMargin: number | undefined;
  readonly numNegatives: number;
  readonly samplingStrategy: 'top' | 'random';
}

/** A text of the corpus and its score for an anchor, rounded to float32. */
export interface Candidate {
  readonly number: number;
  readonly score: number;
}

/** Sums and products are rounded to float32 as those of the reference are, so that a text on the border falls on the same side. */
function brokenRule(score: number, lowestPositive: number, rules: MiningRules): MiningRule | undefined {
  const { absoluteMargin, relativeMargin, maxScore, minScore } = rules;
  if (absoluteMargin !== undefined && Math.fround(score + Math.fround(absoluteMargin)) > lowestPositive) {
    return 'absoluteMargin';
  }
  if (relativeMargin !== undefined) {
    const margin = Math.fround(Math.abs(lowestPositive) * Math.fround(relativeMargin));
    if (score > Math.fround(lowestPositive - margin)) return 'relativeMargin';
  }
  if (maxScore !== undefined && score > Math.fround(maxScore)) return 'maxScore';
  if (minScore !== undefined && score < Math.fround(minScore)) return 'minScore';
  return undefined;
}

/** `count` of the items in their order, each selection equally likely. */
function sample<Item>(items: readonly Item[], count: number, random: Random): readonly Item[] {
  if (items.length <= count) return items;
  const places = Int32Array.from(items, (_, place) => place);
  for (let i = 0; i < count; i++) {
    const j = i + random.below(items.length - i);
    const held = places[i] as number;
    places[i] = places[j] as number;
    places[j] = held;
  }
  return Array.from(places.subarray(0, count).sort(), (place) => items[place] as Item);
}

/**
 * The negatives of an anchor, best first, at most `numNegatives`.
 *
 * Margins are measured from the lowest positive. What keeps the rules is ranked by score, equal ones by their number; ranks
 * `rangeMin` to `rangeMax`, counted from 0 and without the last, are what is chosen from.
 *
 * @param onSkipped Told of every candidate that a rule removes; of several rules, the first counts.
 */
export function chooseNegatives(
  candidates: readonly Candidate[],
  lowestPositive: number,
  rules: MiningRules,
  random: Random,
  onSkipped: (rule: MiningRule) => void,
): readonly Candidate[] {
  const { rangeMin, rangeMax, numNegatives, samplingStrategy } = rules;
  const kept = candidates.filter(({ score }) => {
    const rule = brokenRule(score, lowestPositive, rules);
    if (rule !== undefined) onSkipped(rule);
    return rule === undefined;
  });
  kept.sort((a, b) => b.score - a.score || a.number - b.number);
  const ranked = kept.slice(rangeMin, rangeMax);
  return samplingStrategy === 'top' ? ranked.slice(0, numNegatives) : sample(ranked, numNegatives, random);
}
