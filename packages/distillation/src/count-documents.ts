import type { TextDataset, Tokenizer } from '@embedbag/core';

/** How many texts hold each token. */
export interface DocumentCounts {
  /** Texts counted. */
  readonly documents: number;
  /** By token id, the texts that hold it once or more, `[vocabularySize]`. */
  readonly counts: Float64Array;
}

/** Settings of {@link countDocuments}. */
export interface CountDocumentsOptions {
  readonly tokenizer: Tokenizer;
  /** Looked at before every {@link ROWS_AT_ONCE} rows. */
  readonly signal?: AbortSignal | undefined;
  /** Is told how many texts are counted. */
  readonly onProgress?: ((progress: { readonly documents: number }) => void) | undefined;
}

const ROWS_AT_ONCE = 8192;

/**
 * Counts in how many texts of all columns of `datasets` each token occurs: what an inverse document frequency is made of.
 *
 * A text that stands in several rows counts in each; a row without a text in a column counts nothing there.
 *
 * @throws the reason of an aborted `signal`.
 *
 * @example
 * ```ts
 * const { documents, counts } = await countDocuments(datasets, { tokenizer });
 * ```
 */
export async function countDocuments(
  datasets: readonly TextDataset[],
  options: CountDocumentsOptions,
): Promise<DocumentCounts> {
  const { tokenizer, signal, onProgress } = options;
  const counts = new Float64Array(tokenizer.vocabularySize);
  // By token, the last text that held it, counted from 1.
  const lastDocument = new Float64Array(tokenizer.vocabularySize);
  let documents = 0;
  const count = (texts: readonly string[], valid: Uint8Array | undefined): void => {
    const { ids, offsets } = tokenizer.tokenize(texts);
    for (let text = 0; text < texts.length; text++) {
      if (valid?.[text] === 0) continue;
      documents += 1;
      for (let index = offsets[text]!; index < offsets[text + 1]!; index++) {
        const id = ids[index]!;
        if (lastDocument[id] === documents) continue;
        lastDocument[id] = documents;
        counts[id]! += 1;
      }
    }
  };
  for (const dataset of datasets) {
    for (let first = 0; first < dataset.rowCount; first += ROWS_AT_ONCE) {
      const length = Math.min(ROWS_AT_ONCE, dataset.rowCount - first);
      const rows = Int32Array.from({ length }, (_, row) => first + row);
      for (let column = 0; column < dataset.columns.length; column++) {
        signal?.throwIfAborted();
        count(await dataset.texts(column, rows), dataset.valid?.(column, rows));
      }
      onProgress?.({ documents });
    }
  }
  return { documents, counts };
}
