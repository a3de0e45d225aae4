import { EmbedbagError } from '@embedbag/core';
import type { MiningPlan, PairRescorer } from './mining-options.js';

/** The scores that `rescore` gives pairs, `batchSize` at a time, rounded to float32. @throws EmbedbagError `rescore-shape`. */
export async function rescoredPairs(
  rescore: PairRescorer,
  pairs: readonly (readonly [string, string])[],
  { batchSize, signal }: Pick<MiningPlan, 'batchSize' | 'signal'>,
): Promise<Float32Array> {
  const scores = new Float32Array(pairs.length);
  for (let from = 0; from < pairs.length; from += batchSize) {
    signal?.throwIfAborted();
    const part = pairs.slice(from, from + batchSize);
    const received = await rescore(part, signal);
    checkScores(received, part.length);
    scores.set(received, from);
  }
  return scores;
}

function checkScores(scores: ArrayLike<number>, pairs: number): void {
  const wrong = Array.from(scores).find((score) => !Number.isFinite(score));
  if (scores.length === pairs && wrong === undefined) return;
  const received = scores.length === pairs ? `the score ${wrong}` : `${scores.length}`;
  throw new EmbedbagError({
    code: 'rescore-shape',
    message: `Expected \`rescore\` to return ${pairs} numbers for ${pairs} pairs, received ${received}. Return one score a pair, in the order of the pairs.`,
    details: { expected: pairs, received },
  });
}
