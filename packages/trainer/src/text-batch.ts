import type { DatasetBatch, Loss, TextDataset, TokenBags } from '@embedbag/core';

/** The texts of one batch, and what goes with them. */
export interface TextBatch {
  readonly dataset: TextDataset;
  /** Row numbers in the dataset. */
  readonly rows: Int32Array;
  /** By column, the texts of `rows`. */
  readonly texts: readonly (readonly string[])[];
  /** What only some datasets have. */
  readonly extras: {
    /** Where the loss wants labels. */
    readonly labels?: Float32Array;
    /** By column, 0 where a row has no text. */
    readonly valid?: readonly (Uint8Array | undefined)[];
  };
}

/** Reads the rows of `batch` from its dataset, at once where the dataset has them at hand. */
export function readTextBatch(dataset: TextDataset, batch: DatasetBatch, loss: Loss): TextBatch | Promise<TextBatch> {
  const { rows } = batch;
  const columns = dataset.columns.map((_, column) => column);
  const texts = columns.map((column) => dataset.texts(column, rows));
  const withTexts = (read: readonly (readonly string[])[]): TextBatch => {
    const labels = loss.columns.labels === 'none' ? undefined : dataset.labels?.(rows);
    const valid = columns.map((column) => dataset.valid?.(column, rows));
    return {
      dataset,
      rows,
      texts: read,
      extras: {
        ...(labels === undefined ? {} : { labels }),
        ...(valid.every((column) => column === undefined) ? {} : { valid }),
      },
    };
  };
  return texts.every(isAtHand) ? withTexts(texts) : Promise.all(texts).then(withTexts);
}

function isAtHand(texts: ReturnType<TextDataset['texts']>): texts is readonly string[] {
  return Array.isArray(texts);
}

/** The hashes of the batch's texts by column, `[rows * 2]` each. */
export function batchTextHashes({ dataset, rows }: TextBatch): Uint32Array[] {
  return dataset.columns.map((_, column) => {
    const all = dataset.textHashes(column);
    const hashes = new Uint32Array(rows.length * 2);
    for (const [i, row] of rows.entries()) {
      hashes[i * 2] = all[row * 2]!;
      hashes[i * 2 + 1] = all[row * 2 + 1]!;
    }
    return hashes;
  });
}

/** How many tokens the texts of `bags` have. */
export function tokenCount({ offsets }: TokenBags): number {
  return (offsets.at(-1) ?? 0) - (offsets[0] ?? 0);
}
