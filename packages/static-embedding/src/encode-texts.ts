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

/** The bags of the batch that begins with text `first`: `batchSize` texts, or fewer long ones. */
function bagsFrom(encoder: Encoder, texts: readonly string[], first: number, plan: EncodingPlan): TokenBags {
  const { batchSize, prompt } = plan;
  let end = first;
  for (let units = 0; end < Math.min(texts.length, first + batchSize) && units < BATCH_CODE_UNITS; end++) {
    checkText(texts[end]!, end);
    units += texts[end]!.length;
  }
  const batch = texts.slice(first, end);
  return encoder.textBags(prompt === '' ? batch : batch.map((text) => prompt + text));
}

function startMeans(
  { kernels, table }: Encoder,
  bags: TokenBags,
  { data }: Matrix,
  { dimension, normalize }: EncodingPlan,
): () => void {
  const settings = { dimension, normalize };
  if (kernels.startBagForward !== undefined) return kernels.startBagForward(table, bags, data, settings);
  return () => kernels.bagForward(table, bags, data, settings);
}

/**
 * Embeds `texts` batch by batch, `[texts of the batch, plan.dimension]`, truncated and normalised. While the other threads
 * average one batch, this one tokenizes the next, and visits the one before if `visit` is as `whileBusy`: it must not
 * call the kernels then.
 */
function runBatches(encoder: Encoder, texts: readonly string[], plan: EncodingPlan, visits: BatchVisits): void {
  const { kernels } = encoder;
  const { batchSize, dimension, signal } = plan;
  signal?.throwIfAborted();
  if (texts.length === 0) return;
  const length = Math.min(batchSize, texts.length) * dimension;
  const turns = texts.length > 1 && visits.whileBusy !== undefined ? 2 : 1;
  const means = kernels.allocateFloat32(turns * length);
  try {
    let visitLast: (() => void) | undefined;
    let bags: TokenBags | undefined = bagsFrom(encoder, texts, 0, plan);
    for (let first = 0, turn = 0; bags !== undefined; turn = (turn + 1) % turns) {
      signal?.throwIfAborted();
      const begin = first;
      const rows = bagCount(bags);
      const data = means.subarray(turn * length, turn * length + rows * dimension);
      const batch: Matrix = { data, rows, columns: dimension };
      first += rows;
      const finish = startMeans(encoder, bags, batch, plan);
      try {
        visitLast?.();
        bags = first < texts.length ? bagsFrom(encoder, texts, first, plan) : undefined;
      } finally {
        finish();
      }
      if (visits.whileBusy === undefined) visits.atRest(batch, begin);
      else visitLast = () => visits.whileBusy(batch, begin);
      if (bags !== undefined) plan.onProgress?.(first, texts.length);
    }
    visitLast?.();
    plan.onProgress?.(texts.length, texts.length);
  } finally {
    kernels.release(means);
  }
}

type BatchVisits = { readonly whileBusy: BatchVisit } | { readonly whileBusy?: undefined; readonly atRest: BatchVisit };

/** Embeds `texts` batch by batch; `visit` may call the kernels. */
export function forEachBatch(encoder: Encoder, texts: readonly string[], plan: EncodingPlan, visit: BatchVisit): void {
  runBatches(encoder, texts, plan, { atRest: visit });
}

/** The float32 embedding of one text, owned by the caller: nothing is allocated but that. */
function encodeText(encoder: Encoder, text: string, plan: EncodingPlan): Float32Array {
  const { kernels, table, textBags } = encoder;
  const { dimension, normalize, prompt, signal } = plan;
  signal?.throwIfAborted();
  checkText(text, 0);
  const row = encoder.row();
  kernels.bagForward(table, textBags([prompt === '' ? text : prompt + text]), row, { dimension, normalize });
  const embedding = new Float32Array(dimension);
  embedding.set(dimension === row.length ? row : row.subarray(0, dimension));
  plan.onProgress?.(1, 1);
  return embedding;
}

function encodeFloat32(encoder: Encoder, texts: readonly string[], plan: EncodingPlan): Matrix {
  const { dimension } = plan;
  if (texts.length === 1) return { data: encodeText(encoder, texts[0]!, plan), rows: 1, columns: dimension };
  const data = new Float32Array(texts.length * dimension);
  runBatches(encoder, texts, plan, { whileBusy: (batch, first) => data.set(batch.data, first * dimension) });
  return { data, rows: texts.length, columns: dimension };
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
