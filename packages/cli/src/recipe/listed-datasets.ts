import type { Hub } from '@embedbag/core';
import { type ColumnDataset, type ColumnMapping, readDataset, splitRows } from '@embedbag/datasets';

/** The rows that are held out are a function of it and their number, as in the article's scripts; which ones they are is not. */
const HELD_OUT_SEED = 12;

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
  readonly train: ColumnDataset;
  /** Undefined where none are held out. */
  readonly heldOut: ColumnDataset | undefined;
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

/**
 * Downloads a dataset of `hub`, or takes it from the cache, and holds rows out as it is listed.
 *
 * @throws EmbedbagError `invalid-split` where it has no more rows than are to be held out, and what the hub and the reader throw.
 */
export async function readListedDataset(
  listed: ListedDataset,
  place: { readonly hub: Hub; readonly signal: AbortSignal },
): Promise<ListedRows> {
  const { id, config, split = 'train', columns, heldOut = 0 } = listed;
  const settings = { ...place, split, columns, name: listedName(listed), ...(config !== undefined && { config }) };
  const dataset = await readDataset(`hf://datasets/${id}`, settings);
  if (heldOut === 0) return { train: dataset, heldOut: undefined };
  const { train, test } = splitRows(dataset, { testSize: heldOut, seed: HELD_OUT_SEED });
  return { train, heldOut: test };
}
