import { type ContrastiveLayout, REMOVED } from './typescript-contrastive-layout.js';

/** Removes the entries of rows `[start, end)` whose texts say that they are no negatives; see `ContrastiveForm.textIds`. */
export function removeEqualTexts(layout: ContrastiveLayout, start: number, end: number): void {
  const { textIds, blocks, rows } = layout.problem;
  if (!textIds) return;
  const anchors = textIds[0]!;
  const positives = textIds[1]!;
  for (let b = 0; b < blocks.length; b++) {
    const { candidates } = blocks[b]!;
    const ids = textIds[candidates]!;
    for (let row = start; row < end; row++) {
      for (let j = 0; j < rows; j++) {
        const removed =
          candidates > 1
            ? ids[j] === positives[row]
            : j !== row && (anchors[j] === anchors[row] || positives[j] === positives[row]);
        if (!removed) continue;
        for (let t = 0; t < layout.terms.length; t++) {
          layout.similarities[layout.similarityOffset(b, t) + (row - start) * layout.stride + j] = REMOVED;
        }
      }
    }
  }
}
