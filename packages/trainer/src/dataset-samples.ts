import type { TextDataset } from '@embedbag/core';
import type { TrainableModel } from './trainable-model.js';

/** Rows whose tokens are counted, as in sentence-transformers. */
const COUNTED_ROWS = 1000;
const SHOWN_ROWS = 3;

/** How many tokens the texts of a column have. */
export interface TokenCounts {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** What a model card shows of one dataset. */
export interface DatasetSample {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly string[];
  /** Rows that the counts are of: the first ones. */
  readonly countedRows: number;
  /** By column. */
  readonly tokens: readonly TokenCounts[];
  /** By column, the texts of the first rows. */
  readonly texts: readonly (readonly string[])[];
  /** Of the same rows, as many each, where the dataset has any. */
  readonly labels?: readonly (readonly number[])[];
}

function countTokens(model: Pick<TrainableModel, 'tokenize'>, texts: readonly string[]): TokenCounts {
  const { offsets } = model.tokenize(texts);
  const counts = texts.map((_, i) => offsets[i + 1]! - offsets[i]!);
  const sum = counts.reduce((total, count) => total + count, 0);
  return { min: Math.min(...counts), mean: sum / counts.length, max: Math.max(...counts) };
}

/** Reads the first rows of a dataset. */
async function sampleOf(dataset: TextDataset, model: Pick<TrainableModel, 'tokenize'>): Promise<DatasetSample> {
  const { name, rowCount: rows, columns } = dataset;
  const counted = Int32Array.from({ length: Math.min(rows, COUNTED_ROWS) }, (_, row) => row);
  const tokens: TokenCounts[] = [];
  const texts: (readonly string[])[] = [];
  for (const column of columns.keys()) {
    const all = await dataset.texts(column, counted);
    tokens.push(countTokens(model, all));
    texts.push(all.slice(0, SHOWN_ROWS));
  }
  const shown = counted.subarray(0, SHOWN_ROWS);
  const labels = dataset.labels?.(shown);
  const perRow = labels === undefined ? 0 : labels.length / shown.length;
  return {
    name,
    rows,
    columns,
    countedRows: counted.length,
    tokens,
    texts,
    ...(labels && { labels: Array.from(shown, (_, i) => [...labels.subarray(i * perRow, (i + 1) * perRow)]) }),
  };
}

/** Reads what the model card shows of `datasets`. */
export async function sampleDatasets(
  datasets: readonly TextDataset[],
  model: Pick<TrainableModel, 'tokenize'>,
): Promise<DatasetSample[]> {
  const samples: DatasetSample[] = [];
  for (const dataset of datasets) samples.push(await sampleOf(dataset, model));
  return samples;
}
