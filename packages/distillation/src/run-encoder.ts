import { EmbedbagError, type Matrix } from '@embedbag/core';
import type { Transformers, TransformersModel, TransformersTensor } from './load-transformers.js';

/** What becomes of the hidden states of a text. */
export type Pooling = 'mean' | 'cls';

/** What {@link embedIds} runs. */
export interface EncoderParts {
  readonly transformers: Transformers;
  readonly model: TransformersModel;
  readonly pooling: Pooling;
  readonly padId: number;
}

/** Token places of a batch, padding included: enough for all cores, and small beside the model. */
const PLACES_AT_ONCE = 4096;
const TEXTS_AT_ONCE = 256;

/** Embeddings of texts that are ids already, `[texts, dimension]`, owned by the caller; texts of like length go together. */
export async function embedIds(
  parts: EncoderParts,
  texts: readonly (readonly number[])[],
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const order = texts.map((_, index) => index).sort((a, b) => texts[a]!.length - texts[b]!.length || a - b);
  let data = new Float32Array(0);
  let columns = 0;
  for (let first = 0; first < order.length; ) {
    signal?.throwIfAborted();
    const batch = nextBatch(order, texts, first);
    const pooled = await runBatch(
      parts,
      batch.map((index) => texts[index]!),
    );
    if (columns === 0) {
      columns = pooled.columns;
      data = new Float32Array(texts.length * columns);
    }
    for (const [row, index] of batch.entries()) {
      data.set(pooled.data.subarray(row * columns, (row + 1) * columns), index * columns);
    }
    first += batch.length;
  }
  return { data, rows: texts.length, columns };
}

/** As many texts as fit when all are as long as the last. */
function nextBatch(order: readonly number[], texts: readonly (readonly number[])[], first: number): readonly number[] {
  let last = first + 1;
  while (last < order.length && last - first < TEXTS_AT_ONCE) {
    const longest = texts[order[last]!]!.length;
    if ((last - first + 1) * longest > PLACES_AT_ONCE) break;
    last += 1;
  }
  return order.slice(first, last);
}

async function runBatch(parts: EncoderParts, texts: readonly (readonly number[])[]): Promise<Matrix> {
  const { transformers, model, padId } = parts;
  const width = Math.max(1, ...texts.map((ids) => ids.length));
  const dims = [texts.length, width];
  const ids = new BigInt64Array(texts.length * width).fill(BigInt(padId));
  const mask = new BigInt64Array(texts.length * width);
  for (const [row, text] of texts.entries()) {
    for (const [place, id] of text.entries()) {
      ids[row * width + place] = BigInt(id);
      mask[row * width + place] = 1n;
    }
  }
  const { Tensor } = transformers;
  const inputs: Record<string, TransformersTensor> = {
    input_ids: new Tensor('int64', ids, dims),
    attention_mask: new Tensor('int64', mask, dims),
  };
  if (Object.values(model.sessions).some(({ inputNames }) => inputNames.includes('token_type_ids'))) {
    inputs.token_type_ids = new Tensor('int64', new BigInt64Array(ids.length), dims);
  }
  return pool(await model(inputs), texts, width, parts.pooling);
}

function pool(
  outputs: Readonly<Record<string, TransformersTensor>>,
  texts: readonly (readonly number[])[],
  width: number,
  pooling: Pooling,
): Matrix {
  const hidden = outputs.last_hidden_state ?? outputs.token_embeddings;
  const columns = hidden?.dims[2];
  if (!(hidden?.data instanceof Float32Array) || columns === undefined) {
    const names = Object.keys(outputs).map((name) => `\`${name}\``);
    throw new EmbedbagError({
      code: 'teacher-output-unknown',
      message: `Expected the teacher's ONNX model to give \`last_hidden_state\` in float32, received ${names.join(', ') || 'nothing'}. Export it as a feature extractor.`,
      details: { outputs: Object.keys(outputs) },
    });
  }
  const { data } = hidden;
  const pooled = new Float32Array(texts.length * columns);
  for (const [row, { length }] of texts.entries()) {
    const places = pooling === 'cls' ? Math.min(1, length) : length;
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let place = 0; place < places; place++) sum += data[(row * width + place) * columns + column]!;
      pooled[row * columns + column] = places === 0 ? 0 : sum / places;
    }
  }
  return { data: pooled, rows: texts.length, columns };
}
