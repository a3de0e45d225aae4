import type { FileHandle } from 'node:fs/promises';
import { EmbedbagError, isEmbedbagError } from '@embedbag/core';
import {
  type AsyncRecordBatchFileReader,
  CompressionType,
  compressionRegistry,
  type RecordBatch,
  RecordBatchReader,
  type Schema,
} from 'apache-arrow';
import { decompress as decompressZstd } from 'fzstd';
import { arrowHolds, arrowValues, type TextOf, type ValueAt } from './arrow-values.js';
import type { ColumnPlan } from './column-roles.js';
import { decodedText, textBytes } from './decoded-text.js';
import { decompressLz4Frame } from './lz4-frame.js';
import { notSeekable } from './not-seekable.js';
import { openRandomAccessFile, type RandomAccessFile } from './random-access-file.js';
import { emptyFile } from './row-collector.js';
import type { BlockPlace, RowSink } from './row-sink.js';
import { checkColumnTypes } from './typed-columns.js';

const FILE_MAGIC = 'ARROW1';
const LEAST_FILE_BYTES = 20;
const PIECE_BYTES = 1 << 20;
/** A message begins with four bytes of this and its length; a length of 0 ends a stream. */
const CONTINUATION = 0xffffffff;

/**
 * Adds the rows of an Arrow IPC file or stream to `collector`, a record batch at a time.
 *
 * @throws EmbedbagError `empty-file`, `invalid-arrow`, `cut-file`, `invalid-column-type`, and those of the collector.
 */
export async function readArrowRows(path: string, collector: RowSink, signal: AbortSignal | undefined): Promise<void> {
  await withFile(path, signal, async (source) => {
    const isFile = await isFileFormat(source);
    if (!isFile && collector.endBlock !== undefined) throw notSeekable(path, 'an Arrow stream');
    let plan: ColumnPlan | undefined;
    let first = 0;
    let index = 0;
    for await (const batch of recordBatches(source, isFile)) {
      signal?.throwIfAborted();
      plan ??= begin(batch.schema, path, collector);
      if (collector.rowsToGo === 0) return;
      addBatch(batch, { plan, first, path, collector });
      collector.endBlock?.({ start: index, end: index + 1, first });
      first += batch.numRows;
      index += 1;
    }
    if (first === 0) throw emptyFile(path);
  });
}

/** Adds the rows of a record batch of an Arrow IPC file, of which `readArrowRows` told. */
export async function readArrowBlock(
  path: string,
  { start, first }: BlockPlace,
  collector: RowSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  await withFile(path, signal, async (source) => {
    await isFileFormat(source);
    const batch = await recordBatchAt(source, start);
    addBatch(batch, { plan: begin(batch.schema, path, collector), first, path, collector });
  });
}

async function withFile(
  path: string,
  signal: AbortSignal | undefined,
  use: (source: RandomAccessFile) => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  // The registry is Arrow's own; setting a codec again changes nothing.
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decompressLz4Frame });
  // A copy, since typed arrays over the bytes must begin at a multiple of their values' size.
  compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompressZstd(bytes).slice() });
  const source = await openRandomAccessFile(path);
  try {
    await use(source);
  } finally {
    await source.close();
  }
}

/** Tells the file format from the stream format, and refuses what is neither or not whole. */
async function isFileFormat(source: RandomAccessFile): Promise<boolean> {
  const { path, byteLength } = source;
  if (byteLength === 0) throw emptyFile(path);
  const start = Buffer.from(await source.read(0, 8));
  const end = Buffer.from(await source.read(Math.max(0, byteLength - 8), byteLength));
  if (start.toString('latin1', 0, 6) === FILE_MAGIC) {
    if (end.toString('latin1', 2) === FILE_MAGIC && byteLength >= LEAST_FILE_BYTES) return true;
    throw cutFile(path, `its last bytes are not ${FILE_MAGIC}`);
  }
  const isStream = start.length === 8 && start.readUInt32LE(0) === CONTINUATION;
  if (!isStream) {
    const received = `a file that begins neither with ${FILE_MAGIC} nor as a stream does`;
    throw invalidArrow(path, received, 'Check its extension, or give the option `format`');
  }
  if (end.readUInt32LE(0) === CONTINUATION && end.readUInt32LE(4) === 0) return false;
  throw cutFile(path, 'it has no end-of-stream marker');
}

async function* recordBatches(source: RandomAccessFile, isFile: boolean): AsyncGenerator<RecordBatch> {
  try {
    const reader = await (isFile ? RecordBatchReader.from(fileHandle(source)) : RecordBatchReader.from(pieces(source)));
    yield* await reader.open();
  } catch (error) {
    throw damaged(source.path, error);
  }
}

async function recordBatchAt(source: RandomAccessFile, index: number): Promise<RecordBatch> {
  try {
    const reader = (await RecordBatchReader.from(fileHandle(source))) as AsyncRecordBatchFileReader;
    await reader.open();
    const batch = await reader.readRecordBatch(index);
    if (batch === null) throw new Error(`it has no record batch ${index} any more`);
    return batch;
  } catch (error) {
    throw damaged(source.path, error);
  }
}

async function* pieces(source: RandomAccessFile): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.byteLength; at += PIECE_BYTES) yield await source.read(at, at + PIECE_BYTES);
}

/** The part of Node's file handles that Arrow's reader of files uses. It would wait forever for bytes behind the end. */
function fileHandle(source: RandomAccessFile): FileHandle {
  const handle = {
    fd: 0,
    stat: async () => ({ size: source.byteLength }),
    async read(buffer: Uint8Array, offset: number, length: number, position: number) {
      const bytes = await source.read(position, position + length);
      if (bytes.length < length) throw new Error('it ends early');
      buffer.set(bytes, offset);
      return { bytesRead: length, buffer };
    },
    close: async () => {},
  };
  return handle as unknown as FileHandle;
}

function begin(schema: Schema, path: string, collector: RowSink): ColumnPlan {
  const columns = schema.fields.map(({ name, type }) => ({ name, holds: arrowHolds(type), type: String(type) }));
  const plan = collector.begin(
    { path, unit: 'row' },
    columns.map(({ name }) => name),
  );
  checkColumnTypes(plan, columns, path);
  return plan;
}

interface BatchPlace {
  readonly plan: ColumnPlan;
  /** The number of the batch's first row. */
  readonly first: number;
  readonly path: string;
  readonly collector: RowSink;
}

function addBatch(batch: RecordBatch, { plan, first, path, collector }: BatchPlace): void {
  const valuesOf = (name: string | undefined, textOf: TextOf = decodedText): ValueAt => {
    const index = batch.schema.fields.findIndex((field) => field.name === name);
    const data = batch.data.children[index];
    if (data === undefined) return () => undefined;
    const values = arrowValues(data, textOf);
    return (row) => {
      try {
        return values(row);
      } catch (error) {
        throw damaged(path, error);
      }
    };
  };
  const texts = plan.texts.map(({ source }) => valuesOf(source, plan.takesAnyType === true ? decodedText : textBytes));
  const negatives = valuesOf(plan.negatives);
  const label = valuesOf(plan.label);
  for (let row = 0; row < batch.numRows; row++) {
    collector.add({
      textAt: (_, index) => texts[index]?.(row),
      negatives: negatives(row),
      label: label(row),
      at: first + row,
    });
  }
}

function cutFile(path: string, reason: string): EmbedbagError {
  return new EmbedbagError({
    code: 'cut-file',
    message: `Expected a whole Arrow file at ${path}, received one that ends early: ${reason}. Copy or download it again.`,
    details: { path },
  });
}

function damaged(path: string, error: unknown): unknown {
  if (isEmbedbagError(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return invalidArrow(
    path,
    `one that cannot be read (${reason})`,
    'Copy or download it again, or write it anew',
    error,
  );
}

function invalidArrow(path: string, received: string, remedy: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-arrow',
    message: `Expected an Arrow file or stream at ${path}, received ${received}. ${remedy}.`,
    details: { path },
    cause,
  });
}
