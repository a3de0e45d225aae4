import type { ColumnPlan } from './column-roles.js';
import type { DatasetFile } from './dataset-files.js';
import { decompressedBytes } from './decompressed-bytes.js';
import { jsonObjects } from './json-lines.js';
import { notSeekable } from './not-seekable.js';
import type { BlockPlace, RowSink } from './row-sink.js';
import { type ByteSource, countLineFeeds, fileBytes, LINE_FEED, type LineBlock, lineBlocks } from './source-blocks.js';

/** Adds the rows of a .jsonl file to `collector`; its first row says which columns it has. */
export async function readJsonLinesRows(
  { path, compression }: DatasetFile,
  collector: RowSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rows = new JsonRows(path, collector);
  const source = decompressedBytes(path, compression, signal);
  if (collector.endBlock === undefined) {
    await rows.add(source);
    return;
  }
  if (compression !== undefined) throw notSeekable(path, `one compressed by ${compression}`);
  const { blockBytes = Number.POSITIVE_INFINITY } = collector;
  let [start, end, first] = [0, 0, 1];
  const endBlock = (nextLine: number): void => {
    if (end > start) collector.endBlock?.({ start, end, first });
    [start, first] = [end, nextLine];
  };
  for await (const { bytes, firstLine, sourceBytes } of smallerBlocks(lineBlocks(source, path), blockBytes)) {
    if (end > start && end - start + sourceBytes > blockBytes) endBlock(firstLine);
    await rows.add(once(bytes), firstLine);
    end += sourceBytes;
    if (collector.rowsToGo === 0) break;
  }
  endBlock(first);
}

/** Cuts blocks that are larger than `mostBytes` after lines, where they have any. */
async function* smallerBlocks(blocks: AsyncIterable<LineBlock>, mostBytes: number): AsyncIterable<LineBlock> {
  for await (const { bytes, firstLine, sourceBytes } of blocks) {
    let line = firstLine;
    // A byte order mark, which is no part of the bytes.
    let markBytes = sourceBytes - bytes.length;
    for (let start = 0; start < bytes.length; ) {
      const isRest = bytes.length - start <= mostBytes;
      const before = isRest ? bytes.length : bytes.lastIndexOf(LINE_FEED, start + mostBytes - 1) + 1;
      const end = before > start ? before : bytes.indexOf(LINE_FEED, start + mostBytes) + 1 || bytes.length;
      const part = bytes.subarray(start, end);
      yield { bytes: part, firstLine: line, sourceBytes: part.length + markBytes };
      line += countLineFeeds(part);
      markBytes = 0;
      start = end;
    }
  }
}

/** Adds the rows of a block of a .jsonl file, of which `readJsonLinesRows` told. */
export async function readJsonLinesBlock(
  { path }: DatasetFile,
  place: BlockPlace,
  collector: RowSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  await new JsonRows(path, collector).add(fileBytes(path, signal, place), place.first);
}

class JsonRows {
  private readonly path: string;
  private readonly collector: RowSink;
  private plan: ColumnPlan | undefined;

  constructor(path: string, collector: RowSink) {
    this.path = path;
    this.collector = collector;
  }

  /** Adds the rows of `source`, whose first line is the file's line `firstLine`. */
  async add(source: ByteSource, firstLine?: number): Promise<void> {
    const { path, collector } = this;
    for await (const rows of jsonObjects(source, path, firstLine)) {
      for (const { value, line } of rows) {
        if (collector.rowsToGo === 0) return;
        const names = Object.keys(value);
        this.plan ??= collector.begin({ path, unit: 'line' }, names);
        const { negatives, label } = this.plan;
        collector.notice(names, line);
        const at = (column: string | undefined): unknown => (column === undefined ? undefined : value[column]);
        collector.add({ textAt: at, negatives: at(negatives), label: at(label), at: line });
      }
    }
  }
}

async function* once(bytes: Uint8Array): ByteSource {
  yield bytes;
}
