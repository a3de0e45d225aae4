import { EmbedbagError } from '@embedbag/core';

/** The error for a file of which no part can be read alone. `received` such as `a compressed file`. */
export function notSeekable(path: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'not-seekable',
    message: `Expected a file that can be read in parts at ${path}, a .parquet, an Arrow IPC file, or .jsonl, .csv or .tsv that is not compressed, received ${received}. Write it as Parquet, or read it into memory with \`readDataset\`.`,
    details: { path },
  });
}
