import { Readable } from 'node:stream';
import { EmbedbagError } from '@embedbag/core';
import { CsvError, type Options, parse } from 'csv-parse';
import { type ByteSource, lineBlocks } from './source-blocks.js';

/** One record of a CSV or TSV source. */
export interface DelimitedRecord {
  readonly fields: readonly string[];
  /** The line it begins on, counted from 1. */
  readonly line: number;
  /** Bytes of the source up to its end, and the line that follows. */
  readonly after: { readonly byte: number; readonly line: number };
}

/** How a source of delimited records is written. */
export interface DelimitedFormat {
  readonly delimiter: ',' | '\t';
  /** The character around fields that hold a delimiter, a quote or a line end; false where none has a meaning. */
  readonly quote: '"' | false;
  /** The number of the first line, where the source begins within a file. Default 1. */
  readonly firstLine?: number;
}

const LONGEST_RECORD = 1 << 26;

/**
 * The records of a CSV or TSV source (RFC 4180), the header among them; empty lines are left out.
 * Every record has as many fields as the first.
 *
 * @throws EmbedbagError `wrong-field-count`, `invalid-csv`, `invalid-utf8`, `line-too-long`, with the number of the line.
 */
export async function* delimitedRecords(
  source: ByteSource,
  name: string,
  format: DelimitedFormat,
): AsyncGenerator<DelimitedRecord> {
  const settings: Options = {
    delimiter: format.delimiter,
    quote: format.quote === false ? null : format.quote,
    escape: format.quote === false ? null : format.quote,
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
  };
  const { firstLine = 1 } = format;
  const parser = parse(settings);
  let markBytes = 0;
  const onMark = (bytes: number): void => {
    markBytes = bytes;
  };
  const bytes = Readable.from(blockBytes(source, name, firstLine, onMark), { objectMode: false });
  bytes.on('error', (error) => parser.destroy(error));
  bytes.pipe(parser);
  let width: number | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      if (isBlankLine(record)) continue;
      const lastLine = info.lines + firstLine - 1;
      const line = lastLine - lineFeedsIn(record);
      width ??= record.length;
      if (record.length !== width) throw wrongFieldCount(name, line, width, record.length);
      yield { fields: record, line, after: { byte: info.bytes + markBytes, line: lastLine + 1 } };
    }
  } catch (error) {
    throw error instanceof CsvError ? invalidCsv(name, error, format) : error;
  } finally {
    parser.destroy();
    bytes.destroy();
  }
}

interface ParsedRecord {
  readonly record: string[];
  /** Lines and bytes up to its end. */
  readonly info: { readonly lines: number; readonly bytes: number };
}

/** Tells the bytes of a byte order mark, which is left out. */
async function* blockBytes(
  source: ByteSource,
  name: string,
  firstLine: number,
  onMark: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const { bytes, sourceBytes } of lineBlocks(source, name, firstLine)) {
    if (sourceBytes > bytes.length) onMark(sourceBytes - bytes.length);
    yield bytes;
  }
}

function isBlankLine(record: readonly string[]): boolean {
  return record.length === 1 && record[0]?.trim() === '';
}

function lineFeedsIn(record: readonly string[]): number {
  let count = 0;
  for (const field of record) {
    for (let at = field.indexOf('\n'); at !== -1; at = field.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}

function wrongFieldCount(name: string, line: number, expected: number, received: number): EmbedbagError {
  return new EmbedbagError({
    code: 'wrong-field-count',
    message: `Expected ${expected} fields on line ${line} of ${name}, as in its header, received ${received}. Put fields that hold a delimiter or a line end in quotes.`,
    details: { path: name, line, expected, received },
  });
}

function invalidCsv(name: string, error: CsvError, format: DelimitedFormat): EmbedbagError {
  const line = typeof error.lines === 'number' ? error.lines : 0;
  const quotes =
    format.quote === false
      ? ''
      : ' Write a quote inside a quoted field twice, or read the file with `quote: false` if its quotes mean nothing.';
  return new EmbedbagError({
    code: 'invalid-csv',
    message: `Expected well-formed fields on line ${line} of ${name}, received text that is not (${error.message}).${quotes}`,
    details: { path: name, line, reason: error.code },
    cause: error,
  });
}
