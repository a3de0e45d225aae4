import { EmbedbagError } from '@embedbag/core';

/** An end of a slice: a row, or a percentage of the rows. Below 0 it counts from the last row on. */
interface SliceEnd {
  readonly value: number;
  readonly isPercent: boolean;
}

/** A split of a dataset, and which of its rows are wanted. */
export interface SplitSlice {
  /** As it was written. */
  readonly text: string;
  readonly split: string;
  readonly from: SliceEnd | undefined;
  readonly to: SliceEnd | undefined;
}

/** Rows from `from` on and before `to`, which may be infinite. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Every row. */
export const ALL_ROWS: RowRange = { from: 0, to: Number.POSITIVE_INFINITY };
/** No row: to count them. */
export const NO_ROWS: RowRange = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };

const SLICE = /^([\w-]+(?:\.[\w-]+)*)(?:\[(-?[\d_]+%?)?:(-?[\d_]+%?)?\])?$/;

function sliceEnd(text: string | undefined): SliceEnd | undefined {
  if (text === undefined) return undefined;
  return { value: Number(text.replace(/[_%]/g, '')), isPercent: text.endsWith('%') };
}

/**
 * Reads `train`, `train[:100000]`, `train[10:20]`, `train[-500:]` or `train[10%:20%]`, as the library `datasets` has them.
 *
 * @throws EmbedbagError `invalid-slice`.
 */
export function parseSplit(text: string): SplitSlice {
  const match = SLICE.exec(text);
  const from = sliceEnd(match?.[2]);
  const to = sliceEnd(match?.[3]);
  const isPercentage = (end: SliceEnd | undefined): boolean => end?.isPercent !== true || Math.abs(end.value) <= 100;
  if (match !== null && isPercentage(from) && isPercentage(to)) return { text, split: match[1] as string, from, to };
  throw new EmbedbagError({
    code: 'invalid-slice',
    message: `Expected a split such as \`train\`, \`train[:100000]\`, \`train[10:20]\` or \`train[:10%]\`, received \`${text}\`. Name one split, and at most one slice of it.`,
    details: { received: text },
  });
}

/** Half of the way goes to the even row, as Python rounds. */
function roundToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * The rows of a slice where they do not depend on how many there are; undefined where they do, as from the end or by
 * percentages.
 */
export function rowsWithoutCount({ from, to }: SplitSlice): RowRange | undefined {
  const isFixed = (end: SliceEnd | undefined): boolean => end === undefined || (!end.isPercent && end.value >= 0);
  if (!isFixed(from) || !isFixed(to)) return undefined;
  return { from: from?.value ?? 0, to: to?.value ?? Number.POSITIVE_INFINITY };
}

/** The rows of a slice of `count` rows, cut to those that there are. */
export function rowsOfSplit({ from, to }: SplitSlice, count: number): RowRange {
  const rowOf = (end: SliceEnd | undefined, otherwise: number): number => {
    if (end === undefined) return otherwise;
    const row = end.isPercent ? roundToEven((end.value * count) / 100) : end.value;
    return Math.min(count, row < 0 ? Math.max(0, count + row) : row);
  };
  return { from: rowOf(from, 0), to: rowOf(to, count) };
}
