import type { ContrastiveLayout } from './typescript-contrastive-layout.js';
import { multiplyPanels, packRows } from './typescript-product.js';

/** The dot products of rows `[start, end)` with all candidates at all dims, each dim from the one below. */
export function computeDots(layout: ContrastiveLayout, start: number, end: number): void {
  const { problem, segments, similarities, packedRows, packedCandidates } = layout;
  let packedColumn = -1;
  for (let b = 0; b < problem.blocks.length; b++) {
    const { queries, candidates } = problem.blocks[b]!;
    if (queries !== packedColumn) {
      for (const segment of segments) {
        const rectangle = { rowStart: start, rowEnd: end, columnStart: segment.start, columnEnd: segment.end };
        packRows(
          problem.columns[queries]!,
          problem.dimension,
          rectangle,
          packedRows,
          segment.start * layout.rowsAtOnce,
        );
      }
      packedColumn = queries;
    }
    for (let chunk = 0; chunk < problem.rows; chunk += layout.candidatesAtOnce) {
      const chunkEnd = Math.min(problem.rows, chunk + layout.candidatesAtOnce);
      let addendOffset = -1;
      for (const segment of segments) {
        const rectangle = { rowStart: chunk, rowEnd: chunkEnd, columnStart: segment.start, columnEnd: segment.end };
        packRows(problem.columns[candidates]!, problem.dimension, rectangle, packedCandidates, 0);
        const outOffset = layout.similarityOffset(b, segment.term) + chunk;
        multiplyPanels({
          left: packedRows,
          leftOffset: segment.start * layout.rowsAtOnce,
          rows: end - start,
          right: packedCandidates,
          rightOffset: 0,
          columns: chunkEnd - chunk,
          depth: segment.end - segment.start,
          out: similarities,
          outOffset,
          stride: layout.stride,
          addendOffset,
        });
        addendOffset = outOffset;
      }
    }
  }
}
