import { setImmediate as nextTurn } from 'node:timers/promises';
import { createRandom, type Random, type TextDataset } from '@embedbag/core';
import { anchorGroups } from './anchor-groups.js';
import { anchorParts, type MiningSource } from './anchor-parts.js';
import { type Candidate, chooseNegatives, type MiningRules } from './choose-negatives.js';
import { textEmbedder } from './embedded-texts.js';
import { type MinedAnchor, minedRows, type ScoredText } from './mined-row.js';
import { miningCorpus } from './mining-corpus.js';
import {
  type MinedRows,
  type MineHardNegativesOptions,
  type MiningPlan,
  miningPlan,
  rangeEnd,
} from './mining-options.js';
import { type MiningSummary, MiningTally } from './mining-summary.js';
import type { NearestTexts } from './nearest-texts.js';
import { rescoredPairs } from './rescored-pairs.js';

/** Anchors whose texts are fetched together. */
const ANCHORS_A_FETCH = 256;

/**
 * Finds texts that are near an anchor but are none of its positives, and adds them to pairs as negatives.
 *
 * Yields rows as they are found, by anchor in the order of the dataset, and returns a {@link MiningSummary}, which the event
 * `mining-end` has too. Rows with the same anchor are taken together: all their positives are none of its negatives. Scores are
 * cosines, or those of `rescore`. The same dataset, options and seed give the same rows on any number of threads.
 *
 * Memory beside that of the dataset, for `c` distinct texts, `a` anchors and `d` dimensions: the smaller of `c * d * 4` bytes and
 * `embeddingBytes`; 64 MiB for anchors and 64 MiB that the kernels copy; 24 bytes a text and 28 an anchor, and the UTF-8 of
 * `corpus`. Similarities are never held.
 *
 * @throws EmbedbagError `empty-dataset`, `missing-column`, `invalid-mining-option` at once; `encode-shape`, `rescore-shape`.
 *
 * @example
 * ```ts
 * const rows = mineHardNegatives(dataset, {
 *   encode: (texts, options) => model.embed(texts, options),
 *   kernels: model.kernels,
 *   relativeMargin: 0.05,
 * });
 * const triplets = await collectRows(rows, { name: 'faq-triplets' });
 * ```
 *
 * Source: `mine_hard_negatives` of sentence-transformers; `relativeMargin: 0.05` is TopK-PercPos of NV-Retriever, arXiv 2407.15831.
 */
export function mineHardNegatives(dataset: TextDataset, options: MineHardNegativesOptions): MinedRows {
  return minePlanned(dataset, miningPlan(dataset, options));
}

/** What stays the same from the first anchor to the last. */
interface Mining extends MiningSource {
  readonly rules: MiningRules;
  readonly random: Random;
  readonly tally: MiningTally;
}

async function* minePlanned(dataset: TextDataset, plan: MiningPlan): MinedRows {
  const { signal, onEvent } = plan;
  signal?.throwIfAborted();
  const corpus = await miningCorpus(dataset, plan.positive, plan.corpus, signal);
  const groups = anchorGroups(dataset.textHashes(plan.anchor), corpus.positives);
  const rangeMax = rangeEnd(plan, groups.mostRows);
  const mining: Mining = {
    ...{ dataset, plan, corpus, groups },
    rules: { ...plan, rangeMax },
    wanted: Math.min(rangeMax + groups.mostRows, corpus.count),
    random: createRandom(plan.seed, 'datasets/mine-hard-negatives'),
    tally: new MiningTally(),
  };
  const [example = ''] = await corpus.texts([0]);
  const parts = anchorParts(mining, await textEmbedder(plan, example));
  for await (const { from, nearest, count } of parts) {
    for (let at = 0; at < count; at += ANCHORS_A_FETCH) {
      await nextTurn();
      signal?.throwIfAborted();
      const anchors = Array.from({ length: Math.min(ANCHORS_A_FETCH, count - at) }, (_, i) => at + i);
      for (const mined of await minedAnchors(mining, nearest, from, anchors)) {
        for (const row of minedRows(mined, plan)) {
          mining.tally.rows += 1;
          yield row;
        }
      }
      const done = from + at + anchors.length;
      onEvent?.({ type: 'anchors-mined', anchors: done, totalAnchors: groups.count, rows: mining.tally.rows });
    }
  }
  const summary = mining.tally.summary(corpus.count);
  onEvent?.({ type: 'mining-end', summary });
  return summary;
}

/** An anchor before its negatives are chosen. */
interface FoundAnchor {
  readonly row: number;
  readonly positives: readonly Candidate[];
  readonly candidates: readonly Candidate[];
}

/** The anchors `from` + `places` with the texts of their positives and negatives. */
async function minedAnchors(
  mining: Mining,
  nearest: NearestTexts,
  from: number,
  places: readonly number[],
): Promise<MinedAnchor[]> {
  const { dataset, plan, corpus, groups, rules, wanted, random, tally } = mining;
  const found = places.map((place): FoundAnchor => {
    const own = groups.positivesOf(from + place);
    const scores = nearest.scoresOfPositives(place);
    return {
      row: groups.rows[from + place] as number,
      positives: Array.from(own, (number, i) => ({ number, score: scores[i] as number })),
      candidates: nearest
        .candidates(place, wanted)
        .filter(({ number }) => plan.includePositives || !own.includes(number)),
    };
  });
  const anchors = await dataset.texts(
    plan.anchor,
    found.map(({ row }) => row),
  );
  const scored = plan.rescore === undefined ? found : await rescored(mining, found, anchors);
  const chosen = scored.map(({ positives, candidates }) => {
    const lowest = positives.reduce((least, { score }) => Math.min(least, score), Number.POSITIVE_INFINITY);
    const negatives = chooseNegatives(candidates, lowest, rules, random, tally.onSkipped);
    tally.candidates += candidates.length;
    tally.add(
      positives.map(({ score }) => score),
      negatives.map(({ score }) => score),
      plan.numNegatives,
    );
    return { positives, negatives };
  });
  const texts = await corpus.texts(
    chosen.flatMap(({ positives, negatives }) => [...positives, ...negatives].map(numberOf)),
  );
  let at = 0;
  const withText = ({ score }: Candidate): ScoredText => ({ text: texts[at++] as string, score });
  return chosen.map(({ positives, negatives }, i) => ({
    anchor: anchors[i] as string,
    positives: positives.map(withText),
    negatives: negatives.map(withText),
  }));
}

const numberOf = ({ number }: Candidate): number => number;

/** The same with the scores of `rescore`. */
async function rescored(
  { plan, corpus }: Mining,
  found: readonly FoundAnchor[],
  anchors: readonly string[],
): Promise<FoundAnchor[]> {
  const { rescore } = plan;
  if (rescore === undefined) return [...found];
  const numbers = found.map(({ positives, candidates }) => [...positives, ...candidates].map(numberOf));
  const texts = await corpus.texts(numbers.flat());
  let at = 0;
  const pairs = numbers.flatMap((own, i) => own.map(() => [anchors[i] as string, texts[at++] as string] as const));
  const scores = await rescoredPairs(rescore, pairs, plan);
  at = 0;
  const withScore = ({ number }: Candidate): Candidate => ({ number, score: scores[at++] as number });
  return found.map(({ row, positives, candidates }) => ({
    row,
    positives: positives.map(withScore),
    candidates: candidates.map(withScore),
  }));
}
