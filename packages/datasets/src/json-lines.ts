import { EmbedbagError } from '@embedbag/core';
import { type ByteSource, textLines } from './source-blocks.js';

/** One value of a JSON Lines source. */
export interface JsonLine {
  readonly value: unknown;
  /** Counted from 1, empty lines included. */
  readonly line: number;
}

/**
 * The values of a JSON Lines source, a block of lines at a time; empty lines are left out.
 *
 * @throws EmbedbagError `invalid-json`, `invalid-utf8`, `line-too-long`, each with the number of the line.
 */
export async function* jsonLines(source: ByteSource, name: string, firstLine = 1): AsyncGenerator<readonly JsonLine[]> {
  for await (const lines of textLines(source, name, firstLine)) {
    const values: JsonLine[] = [];
    for (const { text, line } of lines) {
      if (text.trim() !== '') values.push({ value: parseLine(text, line, name), line });
    }
    yield values;
  }
}

/**
 * The objects of a JSON Lines source.
 *
 * @throws EmbedbagError as {@link jsonLines}, and `invalid-json` for a value that is no object.
 */
export async function* jsonObjects(
  source: ByteSource,
  name: string,
  firstLine = 1,
): AsyncGenerator<readonly { readonly value: Readonly<Record<string, unknown>>; readonly line: number }[]> {
  for await (const lines of jsonLines(source, name, firstLine)) {
    yield lines.map(({ value, line }) => {
      if (isJsonRecord(value)) return { value, line };
      const received = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
      throw new EmbedbagError({
        code: 'invalid-json',
        message: `Expected a JSON object such as {"anchor": "...", "positive": "..."} on line ${line} of ${name}, received ${received}. Write one object a line.`,
        details: { path: name, line },
      });
    });
  }
}

/** Tells an object of JSON from its lists and simple values. */
export function isJsonRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseLine(text: string, line: number, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbedbagError({
      code: 'invalid-json',
      message: `Expected JSON on line ${line} of ${name}, received text that is none (${reason}). Repair or remove that line.`,
      details: { path: name, line },
      cause: error,
    });
  }
}
