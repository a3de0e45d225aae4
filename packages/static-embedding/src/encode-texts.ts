import { bagCount, EmbedbagError, type Kernels, type Matrix, type TokenBags } from '@embedbag/core';
import type { EncodingPlan } from './encoding-plan.js';
import type { EmbeddingMatrix, Precision } from './precision.js';
import { needsRanges, quantizedZeros, quantizeInto } from './quantization.js';
import type { TextBags } from './text-bags.js';

/** The parts of a model that make embeddings. */
export interface Encoder {
  readonly kernels: Kernels;
  readonly table: Matrix;
  readonly textBags: TextBags;
  /** Room for one row of the table in kernels memory, kept from call to call. */
  readonly row: () => Float32Array;
}

/** Long texts make smaller batches, so that threads can work on one while another is tokenized. */
const BATCH_CODE_UNITS = 65_536;

/** What is to happen with a batch of embeddings, borrowed until it returns; `first` is the number of its first text. */
export type BatchVisit = (batch: Matrix, first: number) => void;

function checkText(text: string, index: number): void {
  if (typeof text === 'string') return;
  throw new EmbedbagError({
    code: 'text-invalid',
    message: `Expected text ${index} to be a string, received ${text === null ? 'null' : typeof text}. Pass an empty string for a missing text.`,
    details: { index },
  });
}

/** The bags of `texts`, batch by batch: `batchSize` texts each, or fewer long ones. Throws when the signal is aborted. */
function* bagBatches(encoder: Encoder, texts: readonly string[], plan: EncodingPlan): Generator<TokenBags> {
  const { batchSize, prompt, signal } = plan;
  for (let first = 0, end = 0; first < texts.length; first = end) {
    signal?.throwIfAborted();
    const limit = Math.min(texts.length, first + batchSize);
    for (let units = 0; end < limit && units < BATCH_CODE_UNITS; end++) {
      checkText(texts[end]!, end);
      units += texts[end]!.length;
    }
    const batch = texts.slice(first, end);
    yield encoder.textBags(prompt === '' ? batch : batch.map((text) => prompt + text));
  }
  signal?.throwIfAborted();
}

function startMeans({ kernels, table }: Encoder, bags: TokenBags, out: Float32Array, plan: EncodingPlan): () => void {
  const { dimension, normalize } = plan;
  const settings = { dimension, normalize };
  if (kernels.startBagForward !== undefined) return kernels.startBagForward(table, bags, out, settings);
  return () => kernels.bagForward(table, bags, out, settings);
}

/**
 * Embeds `texts` batch by batch, `[texts of the batch, plan.dimension]`, truncated and normalised. While the other threads
 * average one batch, this one tokenizes the next. `visit` may call the kernels.
 */
export function forEachBatch(encoder: Encoder, texts: readonly string[], plan: EncodingPlan, visit: BatchVisit): void {
  const { kernels } = encoder;
  const { batchSize, dimension, onProgress } = plan;
  plan.signal?.throwIfAborted();
  if (texts.length === 0) return;
  const means = kernels.allocateFloat32(Math.min(batchSize, texts.length) * dimension);
  let inFlight: (() => void) | undefined;
  let done = 0;
  const finish = (): void => {
    const finishMeans = inFlight;
    inFlight = undefined;
    finishMeans?.();
  };
  try {
    let rows = 0;
    const end = (): void => {
      finish();
      visit({ data: means.subarray(0, rows * dimension), rows, columns: dimension }, done);
      done += rows;
      onProgress?.(done, texts.length);
    };
    for (const bags of bagBatches(encoder, texts, plan)) {
      if (rows > 0) end();
      rows = bagCount(bags);
      inFlight = startMeans(encoder, bags, means, plan);
    }
    end();
  } finally {
    finish();
    kernels.release(means);
  }
}

/** The embeddings of all `texts`, for kernels that are not able to do it in one call. */
function bagForwardBatches(encoder: Encoder, texts: readonly string[], plan: EncodingPlan): Float32Array {
  const { kernels, table } = encoder;
  const { dimension, normalize } = plan;
  const data = new Float32Array(texts.length * dimension);
  let done = 0;
  for (const bags of bagBatches(encoder, texts, plan)) {
    if (done > 0) plan.onProgress?.(done, texts.length);
    const end = done + bagCount(bags);
    kernels.bagForward(table, bags, data.subarray(done * dimension, end * dimension), { dimension, normalize });
    done = end;
  }
  return data;
}

/** The float32 embedding of one text, owned by the caller: nothing is allocated but that. */
function encodeText(encoder: Encoder, text: string, plan: EncodingPlan): Float32Array {
  const { kernels, table, textBags } = encoder;
  const { dimension, normalize, prompt, signal } = plan;
  signal?.throwIfAborted();
  checkText(text, 0);
  const row = encoder.row();
  kernels.bagForward(table, textBags([prompt === '' ? text : prompt + text]), row, { dimension, normalize });
  // A copy of an array need not be filled with zeros first.
  const embedding = new Float32Array(dimension === row.length ? row : row.subarray(0, dimension));
  plan.onProgress?.(1, 1);
  return embedding;
}

function encodeFloat32(encoder: Encoder, texts: readonly string[], plan: EncodingPlan): Matrix {
  const { kernels, table } = encoder;
  const { dimension, normalize, onProgress } = plan;
  const rows = texts.length;
  if (rows === 1) return { data: encodeText(encoder, texts[0]!, plan), rows, columns: dimension };
  plan.signal?.throwIfAborted();
  const onRows = onProgress && ((done: number) => onProgress(done, rows));
  const data =
    kernels.bagForwardBatches?.(table, bagBatches(encoder, texts, plan), rows, { dimension, normalize, onRows }) ??
    bagForwardBatches(encoder, texts, plan);
  if (rows > 0) onProgress?.(rows, rows);
  return { data, rows, columns: dimension };
}

/** The embeddings of `texts` as `plan` wants them, owned by the caller. */
export function encodeTexts(
  encoder: Encoder,
  texts: readonly string[],
  plan: EncodingPlan,
): EmbeddingMatrix<Precision> {
  const { dimension, precision, ranges } = plan;
  if (precision === 'float32') return encodeFloat32(encoder, texts, plan);
  const { kernels } = encoder;
  const quantized = quantizedZeros(precision, texts.length, dimension);
  const { data, columns } = quantized;
  if (needsRanges(precision) && ranges === undefined && texts.length > 0) {
    quantizeInto(kernels, encodeFloat32(encoder, texts, plan), precision, undefined, data);
    return quantized;
  }
  // With known ranges every batch is quantised on its own, so that the float32 embeddings never exist all at once.
  forEachBatch(encoder, texts, plan, (batch, first) => {
    const out = data.subarray(first * columns, (first + batch.rows) * columns);
    quantizeInto(kernels, batch, precision, ranges, out);
  });
  return quantized;
}
