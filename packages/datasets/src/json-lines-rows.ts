import type { DatasetFile } from './dataset-files.js';
import { decompressedBytes } from './decompressed-bytes.js';
import { jsonObjects } from './json-lines.js';
import type { RowSink } from './row-sink.js';

/** Adds the rows of a .jsonl file to `collector`; its first row says which columns it has. */
export async function readJsonLinesRows(
  { path, compression }: DatasetFile,
  collector: RowSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  let plan: ReturnType<RowSink['begin']> | undefined;
  for await (const rows of jsonObjects(decompressedBytes(path, compression, signal), path)) {
    for (const { value, line } of rows) {
      if (collector.rowsToGo === 0) return;
      const names = Object.keys(value);
      plan ??= collector.begin({ path, unit: 'line' }, names);
      collector.notice(names, line);
      const at = (column: string | undefined): unknown => (column === undefined ? undefined : value[column]);
      collector.add({ textAt: at, negatives: at(plan.negatives), label: at(plan.label), at: line });
    }
  }
}
