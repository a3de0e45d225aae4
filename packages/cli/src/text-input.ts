import { once } from 'node:events';
import { readTexts } from '@embedbag/datasets';
import type { ProgramContext } from './run-program.js';

/** What stands for standard input and output in a path option. */
export const STANDARD_STREAM = '-';

/** The texts of a file, or, for `-`, of standard input with one JSON string or object a line. */
export function inputTexts(
  path: string,
  { stdin, signal }: ProgramContext,
  options: { readonly column?: string } = {},
): AsyncIterable<string> {
  if (path !== STANDARD_STREAM) return readTexts(path, { ...options, signal });
  return readTexts(stdin as AsyncIterable<Uint8Array | string>, { ...options, signal, format: 'jsonl' });
}

/** Gathers `items` into lists of `size`; the last one may be shorter. */
export async function* batches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Writes to a stream and waits while its reader is slower. */
export async function writeChunk(stream: NodeJS.WritableStream, chunk: string | Uint8Array): Promise<void> {
  if (!stream.write(chunk)) await once(stream, 'drain');
}
