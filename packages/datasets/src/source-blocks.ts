import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { EmbedbagError } from '@embedbag/core';
import { readError } from './read-error.js';

/** Bytes read at a time. */
const READ_BYTES = 1 << 20;
/** No line of a data file is longer; a file without line ends is refused before it fills the memory. */
const LONGEST_LINE_BYTES = 1 << 28;
/** The byte that ends a line. */
export const LINE_FEED = 0x0a;

/** Whole lines of a source, as valid UTF-8 without byte order mark. */
export interface LineBlock {
  readonly bytes: Buffer;
  /** The number of the block's first line, counted from 1. */
  readonly firstLine: number;
  /** Bytes of the source that it stands for, a byte order mark included. */
  readonly sourceBytes: number;
}

/** Bytes or text in pieces: a file stream, standard input, a response body. */
export type ByteSource = AsyncIterable<Uint8Array | string>;

/** Bytes of a file, from `start` to before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes of the file `path`, or of a part of it, in pieces.
 *
 * @throws EmbedbagError `file-not-found`, `not-a-file`.
 */
export async function* fileBytes(path: string, signal?: AbortSignal, range?: ByteRange): ByteSource {
  signal?.throwIfAborted();
  const part = range === undefined ? {} : { start: range.start, end: range.end - 1 };
  const stream = createReadStream(path, { highWaterMark: READ_BYTES, signal, ...part });
  try {
    yield* stream;
  } catch (error) {
    signal?.throwIfAborted();
    throw readError(path, error);
  } finally {
    stream.destroy();
  }
}

/**
 * Cuts `source` after line feeds, so that a reader sees whole lines and whole characters; `name` names it in errors.
 * `firstLine` is the number of the first line, where the source begins within a file.
 * A block is borrowed until the next one is asked for.
 *
 * @throws EmbedbagError `invalid-utf8` with the number of the line, `line-too-long`.
 */
export async function* lineBlocks(source: ByteSource, name: string, firstLine = 1): AsyncGenerator<LineBlock> {
  let pieces: Uint8Array[] = [];
  let pendingBytes = 0;
  let line = firstLine;
  let isStart = firstLine === 1;

  const block = (parts: readonly Uint8Array[]): LineBlock => {
    const whole = parts.length === 1 ? asBuffer(parts[0] as Uint8Array) : Buffer.concat(parts);
    const bytes = isStart ? withoutByteOrderMark(whole) : whole;
    isStart = false;
    requireUtf8(bytes, name, line);
    const first = line;
    line += countLineFeeds(bytes);
    return { bytes, firstLine: first, sourceBytes: whole.length };
  };

  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      const parts = [...pieces, bytes.subarray(0, end)];
      pieces = [];
      pendingBytes = 0;
      yield block(parts);
    }
    if (end === bytes.length) continue;
    // A stream may hand out the same memory again, so what waits is copied.
    pieces.push(Buffer.from(bytes.subarray(end)));
    pendingBytes += bytes.length - end;
    if (pendingBytes > LONGEST_LINE_BYTES) throw lineTooLong(name, line);
  }
  if (pieces.length > 0) yield block(pieces);
}

/** The lines of `source` with their numbers, without line ends; a last line without line feed counts. */
export async function* textLines(
  source: ByteSource,
  name: string,
  startLine = 1,
): AsyncGenerator<readonly { readonly text: string; readonly line: number }[]> {
  for await (const { bytes, firstLine } of lineBlocks(source, name, startLine)) {
    const lines = bytes.toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    yield lines.map((text, index) => ({
      text: text.endsWith('\r') ? text.slice(0, -1) : text,
      line: firstLine + index,
    }));
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** How many lines end in `bytes`. */
export function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

function requireUtf8(bytes: Buffer, name: string, firstLine: number): void {
  if (isUtf8(bytes)) return;
  let line = firstLine;
  let start = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, start)) {
    if (!isUtf8(bytes.subarray(start, at))) break;
    start = at + 1;
    line += 1;
  }
  throw new EmbedbagError({
    code: 'invalid-utf8',
    message: `Expected UTF-8 text on line ${line} of ${name}, received bytes of another encoding. Convert the file to UTF-8.`,
    details: { path: name, line },
  });
}

function lineTooLong(name: string, line: number): EmbedbagError {
  return new EmbedbagError({
    code: 'line-too-long',
    message: `Expected lines of at most ${LONGEST_LINE_BYTES} bytes, received a longer one on line ${line} of ${name}. Check that it is a text file with one row a line.`,
    details: { path: name, line, limit: LONGEST_LINE_BYTES },
  });
}
