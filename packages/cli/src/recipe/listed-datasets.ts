import { join } from 'node:path';
import type { Hub, TextDataset } from '@embedbag/core';
import { type ColumnMapping, holdOutRows, openDataset } from '@embedbag/datasets';

/** The rows that are held out are a function of it and their number, as in the article's scripts; which ones they are is not. */
const HELD_OUT_SEED = 12;
/** The most memory that the texts of one dataset take: a third of it holds the largest row groups that the hub's datasets have. */
export const LISTED_BLOCK_BYTES: number = 3 * (1 << 27);

/** A dataset of the Hugging Face Hub that a recipe names. */
export interface ListedDataset {
  readonly id: string;
  readonly config?: string;
  /** A split or a slice of one, such as `train[:100000]`. Default `train`. */
  readonly split?: string;
  /** Which column holds which role; others are left out. */
  readonly columns: ColumnMapping;
  /** Rows of the split, those that are held out included. */
  readonly rows: number;
  /** So many random rows are not trained on. Default 0. */
  readonly heldOut?: number;
}

/** The rows of a {@link ListedDataset}. */
export interface ListedRows {
  readonly train: TextDataset;
  /** Undefined where none are held out. */
  readonly heldOut: TextDataset | undefined;
}

/** Such as `gooaq`, or `all-nli-triplet` where a config is named. */
export function listedName({ id, config }: ListedDataset): string {
  const name = id.slice(id.indexOf('/') + 1);
  return config === undefined ? name : `${name}-${config}`;
}

/** Rows to train on, as they are listed. */
export function listedTrainRows({ rows, heldOut = 0 }: ListedDataset): number {
  return rows - heldOut;
}

/** Text columns, as they are listed. */
export function listedColumns({ columns }: ListedDataset): number {
  return Object.keys(columns).length;
}

/** Where {@link readListedDataset} finds a dataset, and what it tells. */
export interface ListedDatasetPlace {
  readonly hub: Hub;
  readonly signal: AbortSignal;
  /** What the first pass over a dataset finds out is kept here, in a folder of its name. */
  readonly indexFolder: string;
  readonly onProgress: (progress: { readonly name: string; readonly rows: number }) => void;
}

/**
 * Downloads a dataset of `hub`, or takes it from the cache, reads it once to hash its texts, and holds rows out as it is listed. The
 * texts stay in the files; empty ones are taken as they are.
 *
 * @throws EmbedbagError `invalid-split` where it has no more rows than are to be held out, and what the hub and the reader throw.
 */
export async function readListedDataset(listed: ListedDataset, place: ListedDatasetPlace): Promise<ListedRows> {
  const { id, config, split = 'train', columns, heldOut = 0 } = listed;
  const { hub, signal, onProgress } = place;
  const name = listedName(listed);
  const dataset = await openDataset(`hf://datasets/${id}`, {
    hub,
    signal,
    split,
    columns,
    name,
    allowEmptyTexts: true,
    memoryBytes: LISTED_BLOCK_BYTES,
    indexFolder: join(place.indexFolder, name),
    onProgress: ({ rows }) => onProgress({ name, rows }),
    ...(config !== undefined && { config }),
  });
  if (heldOut === 0) return { train: dataset, heldOut: undefined };
  return holdOutRows(dataset, { count: heldOut, seed: HELD_OUT_SEED });
}
