import type { ContrastiveBlock, ContrastiveProblem } from '@embedbag/core';

/** A block whose products are made. */
export interface ComputedBlock extends ContrastiveBlock {
  /** The partition of the block with the two columns exchanged, where that is left out and takes part in this one's. */
  readonly mirrorPartition: number | undefined;
}

/** Whether `other` has the logits of `block`, transposed, in a problem none of whose entries is removed by text or by guide. */
function isMirror(problem: ContrastiveProblem, block: ContrastiveBlock, other: ContrastiveBlock): boolean {
  const { queries, candidates } = block;
  return (
    queries !== candidates &&
    other.queries === candidates &&
    other.candidates === queries &&
    other.removeDiagonal === block.removeDiagonal &&
    !block.hardness &&
    !other.hardness &&
    !problem.valid?.[queries] &&
    !problem.valid?.[candidates]
  );
}

/** The blocks of a problem, each of those that mirror an earlier one left out. */
export function withoutMirrors(problem: ContrastiveProblem): ComputedBlock[] {
  const left = [...problem.blocks];
  const computed: ComputedBlock[] = [];
  for (let block = left.shift(); block; block = left.shift()) {
    const own = block;
    const at = problem.guide || problem.textIds ? -1 : left.findIndex((other) => isMirror(problem, own, other));
    computed.push({ ...block, mirrorPartition: at < 0 ? undefined : left.splice(at, 1)[0]!.partition });
  }
  return computed;
}

/** The blocks of a problem, all computed. */
export function withMirrors({ blocks }: ContrastiveProblem): ComputedBlock[] {
  return blocks.map((block) => ({ ...block, mirrorPartition: undefined }));
}
