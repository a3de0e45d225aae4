import { createNpyWriter, embeddingsToArrow, embeddingsToNpy } from '@embedbag/datasets';
import type { EmbeddingMatrix, Precision } from '@embedbag/static-embedding';
import { byteSink, refuseFolder } from './byte-sink.js';
import { STANDARD_STREAM } from './text-input.js';

/** How embeddings are written. */
export type EmbeddingFormat = 'jsonl' | 'npy' | 'arrow';

/** Takes embeddings batch by batch; the file appears, whole, on `close`. */
export interface EmbeddingOutput {
  write(embeddings: EmbeddingMatrix<Precision>, texts: readonly string[]): Promise<void>;
  close(): Promise<void>;
  /** Gives up and leaves nothing behind. */
  discard(): Promise<void>;
}

/** Opens `path`, or `stdout` for `-`. Throws `file-not-writable`. */
export async function openEmbeddingOutput(
  path: string,
  format: EmbeddingFormat,
  stdout: NodeJS.WritableStream,
): Promise<EmbeddingOutput> {
  await refuseFolder(path);
  if (format === 'npy' && path !== STANDARD_STREAM) return npyFile(path);
  return format === 'jsonl' ? jsonLines(path, stdout) : wholeFile(path, format, stdout);
}

async function npyFile(path: string): Promise<EmbeddingOutput> {
  const writer = await createNpyWriter(path);
  return {
    write: (embeddings) => writer.write(embeddings),
    close: () => writer.close(),
    discard: () => writer.discard(),
  };
}

async function jsonLines(path: string, stdout: NodeJS.WritableStream): Promise<EmbeddingOutput> {
  const sink = await byteSink(path, stdout);
  return {
    write({ data, rows, columns }) {
      let lines = '';
      for (let row = 0; row < rows; row++)
        lines += `[${data.subarray(row * columns, (row + 1) * columns).join(',')}]\n`;
      return sink.write(lines);
    },
    close: () => sink.close(),
    discard: () => sink.discard(),
  };
}

/** Arrow files, and .npy on a stream, tell their size first: all embeddings are held until `close`. */
async function wholeFile(
  path: string,
  format: Exclude<EmbeddingFormat, 'jsonl'>,
  stdout: NodeJS.WritableStream,
): Promise<EmbeddingOutput> {
  const sink = await byteSink(path, stdout);
  const parts: EmbeddingMatrix<Precision>[] = [];
  const allTexts: string[] = [];
  return {
    async write(embeddings, texts) {
      parts.push(embeddings);
      for (const text of texts) allTexts.push(text);
    },
    async close() {
      const all = concatenate(parts);
      await sink.write(format === 'npy' ? embeddingsToNpy(all) : embeddingsToArrow(all, { texts: allTexts }));
      await sink.close();
    },
    discard: () => sink.discard(),
  };
}

function concatenate(parts: readonly EmbeddingMatrix<Precision>[]): EmbeddingMatrix<Precision> {
  const first = parts[0] ?? { data: new Float32Array(0), rows: 0, columns: 0 };
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const length = rows * first.columns;
  const data =
    first.data instanceof Float32Array
      ? new Float32Array(length)
      : first.data instanceof Int8Array
        ? new Int8Array(length)
        : new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    data.set(part.data.subarray(0, part.rows * part.columns), offset);
    offset += part.rows * part.columns;
  }
  return { data, rows, columns: first.columns };
}
