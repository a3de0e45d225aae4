import type { ContrastiveGuide } from '@embedbag/core';
import type { FloatContrastiveProblem } from './typescript-contrastive.js';
import { computeDots } from './typescript-contrastive-dots.js';
import { type ContrastiveLayout, layOut, REMOVED } from './typescript-contrastive-layout.js';

/** What a guide's cosines of a row block are computed in. */
export interface GuideLayout {
  readonly guide: ContrastiveGuide;
  /** The same blocks over the guide's embeddings; room for at least as many rows at once as in the problem's own layout. */
  readonly layout: ContrastiveLayout;
}

/** Plans the guide's part of an evaluation; undefined without a guide. */
export function layOutGuide(problem: FloatContrastiveProblem): GuideLayout | undefined {
  const { guide, blocks, rows, scale, rowsAtOnce } = problem;
  if (!guide) return undefined;
  const { columns, dimension } = guide;
  const terms = [{ dim: dimension, weight: 1 }];
  const bound = rowsAtOnce === undefined ? {} : { rowsAtOnce };
  return { guide, layout: layOut({ blocks, rows, scale, columns, dimension, terms, ...bound }) };
}

/** The guide's cosine of row `row` of block `b` with candidate `j`, from dot products. */
function guideCosine({ layout }: GuideLayout, b: number, row: number, localRow: number, j: number): number {
  const { queries, candidates } = layout.problem.blocks[b]!;
  const dot = layout.similarities[layout.similarityOffset(b, 0) + localRow * layout.stride + j]!;
  // The norms first: so a pair of texts has one cosine, whichever asks.
  return dot * (layout.inverseNorms[queries]![0]![row]! * layout.inverseNorms[candidates]![0]![j]!);
}

/** Removes the entries of rows `[start, end)` that the guide finds more similar than the label; see `ContrastiveGuide`. */
export function removeGuided(layout: ContrastiveLayout, guided: GuideLayout, start: number, end: number): void {
  const { rows, blocks } = layout.problem;
  const { marginStrategy, margin } = guided.guide;
  computeDots(guided.layout, start, end);
  for (let row = start; row < end; row++) {
    const localRow = row - start;
    const label = guideCosine(guided, 0, row, localRow, row);
    const threshold = label - (marginStrategy === 'relative' ? Math.abs(label) * margin : margin);
    for (let b = 0; b < blocks.length; b++) {
      for (let j = 0; j < rows; j++) {
        if (guideCosine(guided, b, row, localRow, j) <= threshold || (b === 0 && j === row)) continue;
        for (let t = 0; t < layout.terms.length; t++) {
          layout.similarities[layout.similarityOffset(b, t) + localRow * layout.stride + j] = REMOVED;
        }
      }
    }
  }
}
