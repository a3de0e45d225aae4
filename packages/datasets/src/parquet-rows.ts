import { EmbedbagError, isEmbedbagError } from '@embedbag/core';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetScan, type RowGroup } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type ColumnPlan, plannedColumns } from './column-roles.js';
import { decodedText } from './decoded-text.js';
import { parquetColumns } from './parquet-columns.js';
import { openRandomAccessFile, type RandomAccessFile } from './random-access-file.js';
import { emptyFile } from './row-collector.js';
import type { BlockPlace, RowSink } from './row-sink.js';
import { checkColumnTypes, type TypedColumn } from './typed-columns.js';

const MAGIC = 'PAR1';
const ENCRYPTED_MAGIC = 'PARE';
const LEAST_BYTES = 12;
/** Uncompressed bytes of the chosen columns that are decoded at a time where the file has a page index. */
const SLICE_BYTES = 1 << 25;

/**
 * Adds the rows of a Parquet file to `collector`, a row group at a time, or part of one where the file has an index of its
 * pages. Only the columns that count are read.
 *
 * @throws EmbedbagError `empty-file`, `invalid-parquet`, `cut-file`, `unknown-codec`, `invalid-column-type`, and those of the
 * collector.
 */
export async function readParquetRows(
  path: string,
  collector: RowSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  return withRequest(path, collector, signal, addRows);
}

/** Adds the rows of a block of a Parquet file, of which `readParquetRows` told. */
export async function readParquetBlock(
  path: string,
  { start, end }: BlockPlace,
  collector: RowSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  return withRequest(path, collector, signal, async (request) => {
    const rowCount = Number(request.metadata.num_rows);
    if (end > rowCount)
      throw invalidParquet(path, `one of ${rowCount} rows, fewer than before`, 'Open the dataset again');
    await addSlice(request, plannedColumns(request.plan), { start, end });
  });
}

async function withRequest(
  path: string,
  collector: RowSink,
  signal: AbortSignal | undefined,
  use: (request: RowRequest) => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  const source = await openRandomAccessFile(path);
  try {
    await checkMagic(source);
    const file: AsyncBuffer = {
      byteLength: source.byteLength,
      slice: async (start, end) => (await source.read(start, end ?? source.byteLength)).buffer,
    };
    const { metadata, columns } = await readMetadata(file, path);
    const plan = collector.begin(
      { path, unit: 'row' },
      columns.map(({ name }) => name),
    );
    checkColumnTypes(plan, columns, path);
    await use({ file, metadata, path, plan, collector, signal });
  } finally {
    await source.close();
  }
}

async function checkMagic(source: RandomAccessFile): Promise<void> {
  const { path, byteLength } = source;
  if (byteLength === 0) throw emptyFile(path);
  const start = Buffer.from(await source.read(0, 4)).toString('latin1');
  const end = Buffer.from(await source.read(byteLength - 4, byteLength)).toString('latin1');
  if (start === ENCRYPTED_MAGIC || end === ENCRYPTED_MAGIC) {
    throw invalidParquet(path, 'an encrypted one', 'Write it without encryption');
  }
  if (start !== MAGIC) {
    throw invalidParquet(
      path,
      `a file that does not begin with ${MAGIC}`,
      'Check its extension, or give the option `format`',
    );
  }
  if (end === MAGIC && byteLength >= LEAST_BYTES) return;
  throw new EmbedbagError({
    code: 'cut-file',
    message: `Expected a whole Parquet file at ${path}, received one that ends early: its last bytes are not ${MAGIC}. Copy or download it again.`,
    details: { path },
  });
}

async function readMetadata(
  file: AsyncBuffer,
  path: string,
): Promise<{ readonly metadata: FileMetaData; readonly columns: readonly TypedColumn[] }> {
  try {
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    return { metadata, columns: parquetColumns(metadata) };
  } catch (error) {
    throw damaged(path, error);
  }
}

interface RowRequest {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly path: string;
  readonly plan: ColumnPlan;
  readonly collector: RowSink;
  readonly signal: AbortSignal | undefined;
}

async function addRows(request: RowRequest): Promise<void> {
  const { metadata, path, plan, collector, signal } = request;
  const names = plannedColumns(plan);
  let first = 0;
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows);
    checkCodecs(group, names, request);
    const sliceRows = rowsOfSlice(group, names, collector.blockBytes ?? SLICE_BYTES);
    for (let start = 0; start < count; start += sliceRows) {
      signal?.throwIfAborted();
      const sliceEnd = Math.min(count, start + sliceRows);
      if (collector.rowsToGo === 0) return;
      if (collector.passOver(sliceEnd - start)) continue;
      const rows = { start: first + start, end: first + Math.min(sliceEnd, start + collector.rowsToGo) };
      await addSlice(request, names, rows);
      collector.endBlock?.({ ...rows, first: rows.start });
    }
    first += count;
  }
  if (first === 0) throw emptyFile(path);
}

interface RowsOfFile {
  readonly start: number;
  readonly end: number;
}

async function addSlice(request: RowRequest, names: readonly string[], rows: RowsOfFile): Promise<void> {
  const { plan, collector } = request;
  const values = await readColumns(request, names, rows);
  const texts = plan.texts.map(({ source }) => values.get(source) ?? []);
  const negatives = values.get(plan.negatives ?? '');
  const label = values.get(plan.label ?? '');
  for (let row = 0; row < rows.end - rows.start; row++) {
    collector.add({
      textAt: (_, index) => texts[index]?.[row],
      negatives: negatives?.[row],
      label: label?.[row],
      at: rows.start + row,
    });
  }
}

/** Without an index of its pages a column chunk is decoded as a whole. */
function rowsOfSlice(group: RowGroup, names: readonly string[], sliceBytes: number): number {
  const count = Number(group.num_rows);
  let bytes = 0;
  for (const { meta_data, offset_index_length } of group.columns) {
    if (meta_data === undefined || !names.includes(meta_data.path_in_schema[0] ?? '')) continue;
    if (!offset_index_length) return Math.max(1, count);
    bytes += Number(meta_data.total_uncompressed_size);
  }
  return Math.max(1, Math.ceil(count / Math.max(1, Math.ceil(bytes / sliceBytes))));
}

function checkCodecs(group: RowGroup, names: readonly string[], { path }: RowRequest): void {
  const known = [...Object.keys(compressors), 'UNCOMPRESSED'];
  for (const { meta_data } of group.columns) {
    const column = meta_data?.path_in_schema[0] ?? '';
    if (!names.includes(column) || known.includes(meta_data?.codec ?? '')) continue;
    const codec = meta_data?.codec ?? 'of an unknown number';
    throw new EmbedbagError({
      code: 'unknown-codec',
      message: `Expected pages compressed by one of ${known.join(', ')} in column \`${column}\` of ${path}, received the codec ${codec}. Write the file with another compression, such as ZSTD.`,
      details: { path, column, received: codec },
    });
  }
}

/** The values of the rows by column. */
async function readColumns(
  { file, metadata, path, plan }: RowRequest,
  names: readonly string[],
  { start, end }: RowsOfFile,
): Promise<ReadonlyMap<string, ArrayLike<unknown>>> {
  const values = new Map<string, ArrayLike<unknown>>();
  try {
    const columns = [...new Set(names)];
    const settings = { file, metadata, compressors, rowStart: start, rowEnd: end, geoparquet: false } as const;
    for (const column of columns) {
      const parsers = { stringFromBytes: staysBytes(plan, column) ? sameBytes : stringFromBytes };
      // A scan of its own, since a scan keeps the last rows it read.
      const scan = await parquetScan({ ...settings, columns: [column], parsers });
      const read = await scan.readColumn({ column, rowStart: start, rowEnd: end });
      if (read.length !== end - start)
        throw new Error(`${read.length} values in \`${column}\` for ${end - start} rows`);
      values.set(column, plainNumbers(read));
    }
  } catch (error) {
    throw damaged(path, error);
  }
  return values;
}

/** Whether the texts of `column` go on as they are. */
function staysBytes(plan: ColumnPlan, column: string): boolean {
  return plan.takesAnyType !== true && column !== plan.negatives && column !== plan.label;
}

function sameBytes(bytes: Uint8Array): Uint8Array {
  return bytes;
}

function stringFromBytes(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  if (!(bytes instanceof Uint8Array)) return bytes;
  return decodedText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
}

/** Whole numbers of 64 bits as numbers, as labels are. */
function plainNumbers(values: ArrayLike<unknown>): ArrayLike<unknown> {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return Array.from(values, Number);
  if (!Array.isArray(values) || !values.some(hasBigInt)) return values;
  return values.map((value: unknown) => (Array.isArray(value) ? value.map(plainNumber) : plainNumber(value)));
}

function hasBigInt(value: unknown): boolean {
  return Array.isArray(value) ? value.some(hasBigInt) : typeof value === 'bigint';
}

function plainNumber(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function damaged(path: string, error: unknown): unknown {
  if (isEmbedbagError(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return invalidParquet(
    path,
    `one that cannot be read (${reason})`,
    'Copy or download it again, or write it anew',
    error,
  );
}

function invalidParquet(path: string, received: string, remedy: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-parquet',
    message: `Expected a Parquet file at ${path}, received ${received}. ${remedy}.`,
    details: { path },
    cause,
  });
}
