import type { ContrastiveBlock } from '@embedbag/core';

const { LOG2E } = Math;
/** Up to this bound of the logits, in base 2, exponentials relative to it stay normal numbers. */
const LARGEST_SAFE_BOUND = 30 * LOG2E;

/** What a cosine counts in a logit of `block`, off the diagonal and on it. */
export function logitScales(
  block: ContrastiveBlock,
  scale: number,
): { readonly plain: number; readonly diagonal: number } {
  const strength = block.hardness?.strength ?? 0;
  const entries = block.hardness?.entries;
  return {
    plain: scale + (entries === 'all' || entries === 'off-diagonal' ? strength : 0),
    diagonal: scale + (entries === 'all' || entries === 'diagonal' ? strength : 0),
  };
}

/**
 * An upper bound of all logits, in base 2: a little more than the largest, for cosines that rounding puts above 1. Where
 * exponentials relative to it would vanish, the softmax of a row is taken relative to the row's maximum.
 */
export function boundOfLogits(
  blocks: readonly ContrastiveBlock[],
  scale: number,
): { readonly logitBound: number; readonly rowMaxima: boolean } {
  const scales = blocks.flatMap((block) => Object.values(logitScales(block, scale)));
  const logitBound = Math.max(...scales.map(Math.abs)) * 1.0001 * LOG2E;
  return { logitBound, rowMaxima: logitBound > LARGEST_SAFE_BOUND };
}
