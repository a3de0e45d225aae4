import { hashTexts, type RowBlocks, type SampledRows } from '@embedbag/core';
import { expect } from 'vitest';

/** Rows to sample from, whose texts the checks know; an undefined text is one that the row does not have. */
export interface KnownRows {
  readonly what: string;
  readonly texts: readonly (readonly (string | undefined)[])[];
  readonly labelOf?: (row: number) => number;
  readonly blocks?: RowBlocks;
}

/** Rows without a text that comes twice, with some, and so on. */
export const KNOWN_ROWS: readonly KnownRows[] = [
  { what: 'no rows', texts: [] },
  { what: 'one row', texts: [['anchor', 'positive']] },
  { what: 'rows of their own', texts: Array.from({ length: 53 }, (_, row) => [`anchor ${row}`, `positive ${row}`]) },
  {
    what: 'rows that share texts, also across columns',
    texts: Array.from({ length: 60 }, (_, row) => [
      `text ${row % 45}`,
      row % 9 === 0 ? 'text 1' : `answer ${row}`,
      `answer ${row % 20}`,
    ]),
  },
  {
    what: 'rows that lack texts',
    texts: Array.from({ length: 40 }, (_, row) => [
      `anchor ${row}`,
      'x'.repeat(row + 1),
      row % 3 === 0 ? undefined : `${row}`,
    ]),
  },
  {
    what: 'rows that are read in blocks',
    texts: Array.from({ length: 64 }, (_, row) => [`anchor ${row}`, `answer ${row % 60}`]),
    blocks: { firstRows: Int32Array.of(0, 9, 10, 25, 40, 52, 60), openBlocks: 2 },
  },
];

/** The rows of {@link KNOWN_ROWS} in which no text comes twice and none is missing. */
export const DISTINCT_ROWS: KnownRows = KNOWN_ROWS[2]!;

/** What a sampler is given, and a look at whether it changed what it only borrowed. */
export interface WatchedRows {
  readonly rows: SampledRows;
  /** Throws where a hash was changed, or a column was asked for that is not there. */
  expectUntouched(): void;
}

/** The rows as a sampler sees them. */
export function sampledRows({ texts, labelOf, blocks }: KnownRows): WatchedRows {
  const columnCount = texts[0]?.length ?? 2;
  const columns = Array.from({ length: columnCount }, (_, column) => texts.map((row) => row[column]));
  const hashes = columns.map((column) => hashTexts(column.map((text) => text ?? '')));
  const copies = hashes.map((column) => column.slice());
  const strangers: number[] = [];
  const firstRows = blocks?.firstRows.slice() ?? new Int32Array();
  const isRagged = texts.some((row) => row.includes(undefined));
  const rows: SampledRows = {
    rowCount: texts.length,
    columns: columns.map((_, column) => ['anchor', 'positive', 'negative'][column]!),
    textHashes(column) {
      if (hashes[column] === undefined) strangers.push(column);
      return hashes[column] ?? new Uint32Array(texts.length * 2);
    },
    ...(labelOf !== undefined && { labels: (at: ArrayLike<number>) => Float32Array.from(at, labelOf) }),
    ...(blocks !== undefined && { blocks: { ...blocks, firstRows } }),
    ...(isRagged && {
      valid: (column: number, at: ArrayLike<number>): Uint8Array =>
        Uint8Array.from({ length: at.length }, (_, index) => (columns[column]?.[at[index]!] === undefined ? 0 : 1)),
    }),
  };
  const expectUntouched = (): void => {
    expect(hashes, 'the hashes, which are borrowed').toEqual(copies);
    expect(firstRows, 'the first rows of blocks, which are borrowed').toEqual(blocks?.firstRows ?? new Int32Array());
    expect(strangers, 'columns that are not there').toEqual([]);
  };
  return { rows, expectUntouched };
}
