import { basename } from 'node:path';
import { EmbedbagError } from '@embedbag/core';

/**
 * How rows are written in a file: `jsonl` is one JSON object a line, `csv` and `tsv` delimited fields with a header, `parquet`
 * Apache Parquet, `arrow` Apache Arrow IPC as a file (Feather version 2) or as a stream.
 */
export type DatasetFormat = 'jsonl' | 'csv' | 'tsv' | 'parquet' | 'arrow';

/** How a whole text file is compressed. */
export type Compression = 'gzip' | 'zstd';

/** What a file's name says of it. */
export interface FileKind {
  readonly format: DatasetFormat | undefined;
  readonly compression: Compression | undefined;
  /** The name without folder and without the extensions. */
  readonly stem: string;
  /** The extensions, such as `.jsonl.gz`; empty where there is none. */
  readonly extension: string;
}

const FORMATS: Readonly<Record<string, DatasetFormat>> = {
  '.jsonl': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.feather': 'arrow',
};
const COMPRESSIONS: Readonly<Record<string, Compression>> = { '.gz': 'gzip', '.zst': 'zstd' };
const TEXT_FORMATS: readonly DatasetFormat[] = ['jsonl', 'csv', 'tsv'];
const LAST_EXTENSION = /(?<=[^.])\.[^.]+$/;

/** The extensions that are read, in words. */
export const FORMAT_WORDS = '.jsonl, .csv or .tsv (also with .gz or .zst behind), .parquet, .arrow or .feather';

/** Reads format and compression off the extensions of `path`. */
export function fileKind(path: string): FileKind {
  const name = basename(path);
  const outer = lastExtension(name);
  const compression = COMPRESSIONS[outer.toLowerCase()];
  const rest = compression === undefined ? name : name.slice(0, -outer.length);
  const inner = lastExtension(rest);
  const format = FORMATS[inner.toLowerCase()];
  const isRead = format !== undefined && (compression === undefined || TEXT_FORMATS.includes(format));
  return {
    format: isRead ? format : undefined,
    compression,
    stem: rest.slice(0, rest.length - inner.length),
    extension: compression === undefined ? inner : inner + outer,
  };
}

function lastExtension(name: string): string {
  return LAST_EXTENSION.exec(name)?.[0] ?? '';
}

/** The error for a file whose extension says nothing. */
export function unknownFormat(path: string): EmbedbagError {
  const { extension } = fileKind(path);
  return new EmbedbagError({
    code: 'unknown-format',
    message: `Expected a file ending in ${FORMAT_WORDS}, received ${extension === '' ? 'no extension' : extension} in ${path}. Rename it, or give the option \`format\`.`,
    details: { path, received: extension },
  });
}
