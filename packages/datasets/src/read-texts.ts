import { extname } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import { describe } from './describe-value.js';
import { isJsonRecord, jsonLines } from './json-lines.js';
import { type ByteSource, fileBytes, textLines } from './source-blocks.js';

/** Settings of {@link readTexts}. */
export interface ReadTextsOptions {
  /** `lines` is one text a line, `jsonl` one JSON string or object a line. Default: `jsonl` for .jsonl files, else `lines`. */
  readonly format?: 'lines' | 'jsonl';
  /** The key that holds the text where a line of `jsonl` is an object. Default `text`. */
  readonly column?: string;
  readonly signal?: AbortSignal;
}

/**
 * The texts of a file or of a stream such as `process.stdin`, one after the other, without holding all of them.
 *
 * With `lines` an empty line is an empty text, so that the n-th text is the n-th line; with `jsonl` empty lines are skipped.
 *
 * @throws EmbedbagError `file-not-found`, `not-a-file`, `unknown-format` for .csv and .tsv, and with the number of the line:
 * `missing-text`, `invalid-text`, `invalid-json`, `invalid-utf8`, `line-too-long`.
 *
 * @example
 * ```ts
 * for await (const text of readTexts('sentences.txt')) process.stdout.write(`${text.length}\n`);
 * ```
 */
export async function* readTexts(source: string | ByteSource, options: ReadTextsOptions = {}): AsyncGenerator<string> {
  const { signal, column = 'text' } = options;
  const name = typeof source === 'string' ? source : 'the input';
  const bytes = typeof source === 'string' ? fileBytes(source, signal) : source;
  const format = options.format ?? formatOf(name);
  signal?.throwIfAborted();
  if (format === 'lines') {
    for await (const lines of textLines(bytes, name)) {
      signal?.throwIfAborted();
      for (const { text } of lines) yield text;
    }
    return;
  }
  for await (const lines of jsonLines(bytes, name)) {
    signal?.throwIfAborted();
    for (const { value, line } of lines) yield textOf(value, column, { name, line });
  }
}

function formatOf(path: string): 'lines' | 'jsonl' {
  const extension = extname(path).toLowerCase();
  if (extension === '.jsonl') return 'jsonl';
  if (extension !== '.csv' && extension !== '.tsv') return 'lines';
  throw new EmbedbagError({
    code: 'unknown-format',
    message: `Expected one text a line or .jsonl, received ${path}. Write its texts one a line, or read its columns with \`readDataset\`.`,
    details: { path, received: extension },
  });
}

function textOf(value: unknown, column: string, place: { readonly name: string; readonly line: number }): string {
  const text = isJsonRecord(value) ? value[column] : value;
  if (typeof text === 'string') return text;
  const where = isJsonRecord(value) ? `the key \`${column}\` on` : 'place of';
  throw new EmbedbagError({
    code: text === undefined || text === null ? 'missing-text' : 'invalid-text',
    message: `Expected a string in ${where} line ${place.line} of ${place.name}, received ${describe(text)}. Write "..." or {"${column}": "..."} on each line.`,
    details: { path: place.name, line: place.line, column },
  });
}
