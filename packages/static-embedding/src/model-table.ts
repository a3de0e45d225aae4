import { EmbedbagError, type Kernels } from '@embedbag/core';
import { requireDimension } from './dimension.js';
import type { SafetensorsReader } from './safetensors-file.js';
import type { SafetensorsEntry } from './safetensors-header.js';

/** A table in kernels memory, `[rows, columns]`. */
export interface LoadedTable {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface ReadTableOptions {
  readonly kernels: Kernels;
  /** Keep the first columns only. */
  readonly truncateDim: number | undefined;
}

/** The tensor of sentence-transformers and that of model2vec. */
const TABLE_NAMES = ['embedding.weight', 'embeddings'] as const;

/** Values held at once while a table is truncated or folded. */
const CHUNK_VALUES = 1 << 20;

function findTable(reader: SafetensorsReader): { name: string; rows: number; columns: number } {
  const name = TABLE_NAMES.find((candidate) => reader.tensors.has(candidate));
  const names = [...reader.tensors.keys()].map((key) => `\`${key}\``).join(', ');
  if (name === undefined) {
    throw new EmbedbagError({
      code: 'tensor-missing',
      message: `Expected a tensor \`embedding.weight\` or \`embeddings\` in \`${reader.name}\`, received ${names || 'none'}. Load a static embedding model.`,
      details: { name: reader.name },
    });
  }
  const { shape } = reader.tensors.get(name)!;
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2 || columns === 0) throw shapeError(reader, name, 'a shape of [vocabulary, dimension]', shape);
  return { name, rows, columns };
}

function shapeError(
  reader: SafetensorsReader,
  tensor: string,
  expected: string,
  shape: readonly number[],
): EmbedbagError {
  return new EmbedbagError({
    code: 'tensor-shape-mismatch',
    message: `Expected tensor \`${tensor}\` of \`${reader.name}\` to have ${expected}, received [${shape.join(', ')}]. Save the model again.`,
    details: { name: reader.name, tensor, shape },
  });
}

/** Reads model2vec's `mapping`, the row of the embeddings that each token has. */
async function readMapping(reader: SafetensorsReader, embeddingRows: number): Promise<Int32Array | undefined> {
  const entry: SafetensorsEntry | undefined = reader.tensors.get('mapping');
  if (entry === undefined) return undefined;
  if (entry.shape.length !== 1) throw shapeError(reader, 'mapping', 'one row number a token', entry.shape);
  if (entry.dtype !== 'I64' && entry.dtype !== 'I32') {
    throw new EmbedbagError({
      code: 'tensor-dtype-unsupported',
      message: `Expected tensor \`mapping\` of \`${reader.name}\` to have dtype I64 or I32, received ${entry.dtype}. Save the model again.`,
      details: { name: reader.name, tensor: 'mapping', dtype: entry.dtype },
    });
  }
  const { buffer } = await reader.readBytes('mapping');
  const mapping = entry.dtype === 'I32' ? new Int32Array(buffer) : Int32Array.from(new BigInt64Array(buffer), Number);
  const token = mapping.findIndex((row) => row < 0 || row >= embeddingRows);
  if (token >= 0) {
    throw new EmbedbagError({
      code: 'mapping-out-of-range',
      message: `Expected tensor \`mapping\` of \`${reader.name}\` to name rows below ${embeddingRows}, received ${mapping[token]} for token ${token}. Save the model again.`,
      details: { name: reader.name, limit: embeddingRows, received: mapping[token]!, token },
    });
  }
  return mapping;
}

async function readWeights(reader: SafetensorsReader, rows: number): Promise<Float32Array | undefined> {
  const entry = reader.tensors.get('weights');
  if (entry === undefined) return undefined;
  if (entry.shape.length !== 1 || entry.shape[0] !== rows) {
    throw shapeError(reader, 'weights', `one weight for each of ${rows} tokens`, entry.shape);
  }
  const weights = new Float32Array(rows);
  await reader.readFloat32('weights', weights);
  return weights;
}

/** Reads rows in order, straight into `out` where nothing has to be cut off. */
async function readInOrder(
  reader: SafetensorsReader,
  name: string,
  rows: number,
  width: number,
  columns: number,
  out: Float32Array,
): Promise<void> {
  if (columns === width) return reader.readFloat32(name, out);
  const step = Math.max(1, Math.floor(CHUNK_VALUES / width));
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    await reader.readRows(name, row, count, columns, out.subarray(row * columns, (row + count) * columns));
  }
}

function scaleRows(data: Float32Array, columns: number, weights: Float32Array): void {
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row]!;
    for (let index = row * columns; index < (row + 1) * columns; index++) data[index]! *= weight;
  }
}

/**
 * Reads a model's table into kernels memory; an F32 table of full width is read there directly.
 * model2vec's `mapping` and `weights` are folded in: row t is `embeddings[mapping[t]] * weights[t]`.
 *
 * `width` is the columns the model has in its file.
 *
 * Throws `tensor-missing`, `tensor-shape-mismatch`, `tensor-dtype-unsupported`, `mapping-out-of-range` and
 * `dimension-too-large`.
 */
export async function readTable(
  reader: SafetensorsReader,
  options: ReadTableOptions,
): Promise<{ table: LoadedTable; width: number }> {
  const { kernels, truncateDim } = options;
  const { name, rows: embeddingRows, columns: width } = findTable(reader);
  const columns = truncateDim === undefined ? width : requireDimension('truncateDim', truncateDim, width);
  const mapping = await readMapping(reader, embeddingRows);
  const rows = mapping?.length ?? embeddingRows;
  const weights = await readWeights(reader, rows);
  const data = kernels.allocateFloat32(rows * columns);
  try {
    if (mapping === undefined) {
      await readInOrder(reader, name, rows, width, columns, data);
    } else {
      const embeddings = new Float32Array(embeddingRows * columns);
      await readInOrder(reader, name, embeddingRows, width, columns, embeddings);
      for (let row = 0; row < rows; row++) {
        const from = mapping[row]! * columns;
        data.set(embeddings.subarray(from, from + columns), row * columns);
      }
    }
    if (weights !== undefined) scaleRows(data, columns, weights);
    return { table: { data, rows, columns }, width };
  } catch (error) {
    kernels.release(data);
    throw error;
  }
}
