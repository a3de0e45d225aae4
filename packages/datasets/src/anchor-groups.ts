import { TextNumbers } from './text-numbers.js';

/** The distinct anchors of a dataset in the order of their first rows, each with all its positives. */
export interface AnchorGroups {
  readonly count: number;
  /** By anchor, the first row that has it. */
  readonly rows: Int32Array;
  /** The most rows that one anchor has, rows that are there twice included. */
  readonly mostRows: number;
  /** The distinct positives of an anchor, as numbers in the corpus, in the order of their rows. */
  positivesOf(anchor: number): Int32Array;
}

/** Groups rows by anchor; `hashes` are those of the anchors, `positives` has a number by row. */
export function anchorGroups(hashes: Uint32Array, positives: Int32Array): AnchorGroups {
  const numbers = new TextNumbers();
  const first: number[] = [];
  const anchors = Int32Array.from(positives, (_, row) => {
    const anchor = numbers.numberOf(hashes[row * 2] as number, hashes[row * 2 + 1] as number);
    if (anchor === first.length) first.push(row);
    return anchor;
  });
  const ends = new Int32Array(numbers.count);
  for (const anchor of anchors) ends[anchor] = (ends[anchor] as number) + 1;
  const mostRows = ends.reduce((most, rows) => Math.max(most, rows), 0);
  for (let anchor = 1; anchor < ends.length; anchor++)
    ends[anchor] = (ends[anchor] as number) + (ends[anchor - 1] as number);
  const begins = Int32Array.from(ends, (_, anchor) => (anchor === 0 ? 0 : (ends[anchor - 1] as number)));
  const next = begins.slice();
  const sorted = new Int32Array(anchors.length);
  for (const [row, anchor] of anchors.entries()) {
    const place = next[anchor] as number;
    sorted[place] = positives[row] as number;
    next[anchor] = place + 1;
  }
  return {
    count: numbers.count,
    rows: Int32Array.from(first),
    mostRows,
    positivesOf: (anchor) => Int32Array.from(new Set(sorted.subarray(begins[anchor], ends[anchor]))),
  };
}
