import { join } from 'node:path';
import { EmbedbagError, type Matrix, type TextDataset, type TextGuide } from '@embedbag/core';
import type { ArrowEmbeddingLayout } from './arrow-embedding-file.js';
import { type GuideBatch, type GuidePlace, guidePlaces } from './guide-batches.js';
import type { GuideDataset } from './guide-folder.js';
import { openRandomAccessFile } from './random-access-file.js';
import { readEmbeddingRows } from './read-embedding-rows.js';
import type { TextPositions } from './text-positions.js';

/** What {@link embedGuideBatch} works with. */
export interface EmbedGuideBatchOptions {
  readonly folder: string;
  readonly datasets: readonly TextDataset[];
  readonly described: readonly GuideDataset[];
  readonly guide: TextGuide;
  /** Texts that the guide gets at a time. */
  readonly batchSize: number;
  /** Undefined for the first batch. */
  readonly layout: ArrowEmbeddingLayout | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The source of a row without a text. */
const NO_TEXT = -1;

/**
 * The positions of the embeddings of a batch's rows: their own where the text is new, else where it was before; -1 where a row has no
 * text. Adds the new ones to `positions`.
 */
export function guideSources(batch: GuideBatch, dataset: TextDataset, positions: TextPositions): Float64Array {
  const { column, firstRow, rows, position } = batch;
  const hashes = dataset.textHashes(column);
  const valid = dataset.valid?.(column, rowNumbers(firstRow, rows));
  return Float64Array.from({ length: rows }, (_, index) => {
    if (valid?.[index] === 0) return NO_TEXT;
    const at = (firstRow + index) * 2;
    return positions.findOrAdd(hashes[at]!, hashes[at + 1]!, position + index) ?? position + index;
  });
}

function rowNumbers(first: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => first + index);
}

/** The embeddings of a batch: the guide's of new texts, copies of those that were made before, zeros where there is no text. */
export async function embedGuideBatch(
  batch: GuideBatch,
  sources: Float64Array,
  options: EmbedGuideBatchOptions,
): Promise<Matrix> {
  const indices = Array.from(sources, (_, index) => index);
  const isNew = (index: number): boolean => sources[index] === batch.position + index;
  const asked = await askGuide(
    batch,
    indices.filter((index) => isNew(index)),
    options,
  );
  const { data, columns: dimension } = asked;
  const elsewhere: number[] = [];
  for (const index of indices) {
    const source = sources[index]!;
    if (source === NO_TEXT || isNew(index)) continue;
    const here = source - batch.position;
    if (here >= 0) data.copyWithin(index * dimension, here * dimension, (here + 1) * dimension);
    else elsewhere.push(index);
  }
  await copyRows(elsewhere, sources, { ...options, data });
  return asked;
}

/** Asks the guide for the texts at `indices` of a batch, the longest first, so that texts of like length go together. */
async function askGuide(
  { dataset: number, column, firstRow, rows: count }: GuideBatch,
  indices: readonly number[],
  { datasets, guide, batchSize, layout, signal }: EmbedGuideBatchOptions,
): Promise<{ data: Float32Array; rows: number; columns: number }> {
  const dataset = datasets[number]!;
  const texts =
    indices.length === 0
      ? []
      : await dataset.texts(
          column,
          Int32Array.from(indices, (i) => firstRow + i),
        );
  const order = texts.map((_, at) => at).sort((a, b) => texts[b]!.length - texts[a]!.length || a - b);
  let dimension = layout?.dimension ?? 0;
  let data = new Float32Array(count * dimension);
  for (let first = 0; first < order.length; first += batchSize) {
    signal?.throwIfAborted();
    const part = order.slice(first, first + batchSize);
    const rows = Int32Array.from(part, (at) => firstRow + indices[at]!);
    const matrix = await guide(
      part.map((at) => texts[at]!),
      signal,
      { dataset: dataset.name, column, rows },
    );
    checkMatrix(matrix, { dimension, dataset: dataset.name, column, rows });
    if (dimension === 0) {
      dimension = matrix.columns;
      data = new Float32Array(count * dimension);
    }
    for (const [row, at] of part.entries()) {
      data.set(matrix.data.subarray(row * dimension, (row + 1) * dimension), indices[at]! * dimension);
    }
  }
  return { data, rows: count, columns: dimension };
}

interface CopyRowsOptions extends EmbedGuideBatchOptions {
  readonly data: Float32Array;
}

/** Copies embeddings that lie on disk already. */
async function copyRows(
  indices: readonly number[],
  sources: Float64Array,
  { folder, described, layout, data, signal }: CopyRowsOptions,
): Promise<void> {
  if (indices.length === 0 || layout === undefined) return;
  const placeOf = guidePlaces(described);
  const byFile = new Map<string, { readonly index: number; readonly row: GuidePlace['row'] }[]>();
  for (const index of indices) {
    const { file, row } = placeOf(sources[index]!);
    const list = byFile.get(file);
    if (list === undefined) byFile.set(file, [{ index, row }]);
    else list.push({ index, row });
  }
  const { dimension } = layout;
  for (const [name, list] of byFile) {
    const out = new Float32Array(list.length * dimension);
    const file = await openRandomAccessFile(join(folder, name));
    try {
      await readEmbeddingRows(file, { layout, rows: list.map(({ row }) => row), out, signal });
    } finally {
      await file.close();
    }
    for (const [at, { index }] of list.entries()) {
      data.set(out.subarray(at * dimension, (at + 1) * dimension), index * dimension);
    }
  }
}

interface MatrixPlace {
  /** 0 before the first answer. */
  readonly dimension: number;
  readonly dataset: string;
  readonly column: number;
  readonly rows: Int32Array;
}

function checkMatrix(matrix: Matrix, { dimension, dataset, column, rows: { length }, rows }: MatrixPlace): void {
  const hasShape = matrix.rows === length && matrix.columns > 0 && matrix.data.length >= length * matrix.columns;
  if (!hasShape || (dimension > 0 && matrix.columns !== dimension)) {
    throw new EmbedbagError({
      code: 'guide-shape',
      message: `Expected \`guide\` to return ${length} rows of ${dimension || 'some'} dimensions for ${length} texts, received ${matrix.rows} of ${matrix.columns}. Return one embedding a text, all of one dimension.`,
      details: { rows: matrix.rows, columns: matrix.columns },
    });
  }
  const wrong = matrix.data.subarray(0, length * matrix.columns).findIndex((value) => !Number.isFinite(value));
  if (wrong === -1) return;
  const row = rows[Math.floor(wrong / matrix.columns)]!;
  throw new EmbedbagError({
    code: 'guide-not-finite',
    message: `Expected \`guide\` to return finite numbers, received ${matrix.data[wrong]} for the text in row ${row} of column ${column} of dataset \`${dataset}\`. Try the guide with that text.`,
    details: { dataset, column, row },
  });
}
