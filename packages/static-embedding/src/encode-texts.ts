import { EmbedbagError, type Kernels, type Matrix } from '@embedbag/core';
import type { EncodingPlan } from './encoding-plan.js';
import type { EmbeddingMatrix, Precision } from './precision.js';
import { needsRanges, quantizedZeros, quantizeInto } from './quantization.js';
import type { TextBags } from './text-bags.js';

/** The parts of a model that make embeddings. */
export interface Encoder {
  readonly kernels: Kernels;
  readonly table: Matrix;
  readonly textBags: TextBags;
}

function checkTexts(texts: readonly string[], first: number): void {
  for (const [index, text] of texts.entries()) {
    if (typeof text === 'string') continue;
    throw new EmbedbagError({
      code: 'text-invalid',
      message: `Expected text ${first + index} to be a string, received ${text === null ? 'null' : typeof text}. Pass an empty string for a missing text.`,
      details: { index: first + index },
    });
  }
}

/** Moves the first `columns` of every row together, in place. */
function truncateRows({ data, rows, columns: width }: Matrix, columns: number): void {
  if (columns === width) return;
  for (let row = 1; row < rows; row++) data.copyWithin(row * columns, row * width, row * width + columns);
}

/**
 * Embeds `texts` batch by batch. `visit` gets each batch, `[texts of the batch, plan.dimension]`, truncated and
 * normalised, borrowed until it returns, and the number of its first text.
 */
export function forEachBatch(
  encoder: Encoder,
  texts: readonly string[],
  plan: EncodingPlan,
  visit: (batch: Matrix, first: number) => void,
): void {
  const { kernels, table, textBags } = encoder;
  const { batchSize, dimension, prompt, signal } = plan;
  signal?.throwIfAborted();
  if (texts.length === 0) return;
  const means = kernels.allocateFloat32(Math.min(batchSize, texts.length) * table.columns);
  try {
    for (let first = 0; first < texts.length; first += batchSize) {
      signal?.throwIfAborted();
      const batch = texts.slice(first, first + batchSize);
      checkTexts(batch, first);
      const bags = textBags(prompt === '' ? batch : batch.map((text) => prompt + text));
      kernels.bagForward(table, bags, means.subarray(0, batch.length * table.columns));
      truncateRows({ data: means, rows: batch.length, columns: table.columns }, dimension);
      const embeddings = { data: means.subarray(0, batch.length * dimension), rows: batch.length, columns: dimension };
      if (plan.normalize) kernels.normalizeRows(embeddings);
      visit(embeddings, first);
      plan.onProgress?.(first + batch.length, texts.length);
    }
  } finally {
    kernels.release(means);
  }
}

function encodeFloat32(encoder: Encoder, texts: readonly string[], plan: EncodingPlan): Matrix {
  const data = new Float32Array(texts.length * plan.dimension);
  forEachBatch(encoder, texts, plan, (batch, first) => data.set(batch.data, first * plan.dimension));
  return { data, rows: texts.length, columns: plan.dimension };
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
