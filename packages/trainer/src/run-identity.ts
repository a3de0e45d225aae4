import { crc32 } from 'node:zlib';
import type { JsonObject, TextDataset } from '@embedbag/core';
import type { TrainingPlan } from './training-plan.js';
import { describeSetup } from './training-state.js';

/** Rows of a dataset whose labels and tokens are looked at; its texts are compared in full, by their hashes. */
const SAMPLED_ROWS = 1024;

/** All that decides which bytes a run comes to, beside the machine. */
export interface RunIdentity extends JsonObject {
  readonly arguments: JsonObject;
  /** See `describeSetup`. */
  readonly setup: JsonObject;
  /** By dataset. */
  readonly data: readonly DataSums[];
  /** The CRC-32 of the table before the first step. */
  readonly initial_table: string;
  readonly backend: string;
  readonly threads: number;
}

/** CRC-32 sums of one dataset. */
interface DataSums extends JsonObject {
  readonly name: string;
  /** By column, of the hashes of all its texts. */
  readonly texts: { readonly [column: string]: string };
  /** Of the labels of its first rows. */
  readonly labels: string;
  /** Of what the tokenizer makes of its first rows. */
  readonly tokens: string;
}

function sumOf(array: Float32Array | Int32Array | Uint32Array): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** The CRC-32 of a table `[rows * columns]`. */
export function tableSum(values: Float32Array): string {
  return sumOf(values);
}

async function sumsOf(dataset: TextDataset, tokenize: TrainingPlan['model']['tokenize']): Promise<DataSums> {
  const { name, rowCount, columns } = dataset;
  const texts = columns.map((column, index) => {
    const hashes = dataset.textHashes(index);
    return [column, sumOf(hashes.subarray(0, rowCount * 2))] as const;
  });
  const rows = Int32Array.from({ length: Math.min(rowCount, SAMPLED_ROWS) }, (_, row) => row);
  const labels = dataset.labels?.(rows);
  const { ids, offsets } = tokenize(await dataset.texts(0, rows));
  return {
    name,
    texts: Object.fromEntries(texts),
    labels: labels === undefined ? 'none' : sumOf(labels),
    tokens: sumOf(ids.subarray(offsets[0], offsets.at(-1))),
  };
}

/** What `plan` is, before its first step. */
export async function runIdentity(plan: TrainingPlan): Promise<RunIdentity> {
  const { model, datasets } = plan;
  const { table, kernels } = model;
  const data: DataSums[] = [];
  for (const dataset of datasets) data.push(await sumsOf(dataset, (texts) => model.tokenize(texts)));
  return {
    arguments: { ...plan.arguments } as unknown as JsonObject,
    setup: describeSetup(plan),
    data,
    initial_table: tableSum(table.data.subarray(0, table.rows * table.columns)),
    backend: kernels.backend,
    threads: kernels.threads,
  };
}
