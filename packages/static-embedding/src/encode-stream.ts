import { type Encoder, encodeTexts } from './encode-texts.js';
import type { EncodingPlan } from './encoding-plan.js';
import type { EmbeddingArray, Precision } from './precision.js';
import { requireTextStream, type TextStream, textBatches } from './text-batches.js';

/**
 * The embeddings of `texts` in their order, made batch by batch as they are asked for; those of one batch are views of
 * one array. `encoder` is asked for at every batch, so that a model disposed of meanwhile is noticed.
 *
 * Throws `texts-invalid` at once.
 */
export function encodeStream(
  encoder: () => Encoder,
  texts: TextStream,
  plan: EncodingPlan,
): AsyncGenerator<EmbeddingArray<Precision>, void, undefined> {
  requireTextStream(texts);
  return streamEmbeddings(encoder, texts, plan);
}

async function* streamEmbeddings(
  encoder: () => Encoder,
  texts: TextStream,
  plan: EncodingPlan,
): AsyncGenerator<EmbeddingArray<Precision>, void, undefined> {
  const batchPlan: EncodingPlan = { ...plan, onProgress: undefined };
  let done = 0;
  for await (const batch of textBatches(texts, plan.batchSize, plan.signal)) {
    const { data, rows, columns } = encodeTexts(encoder(), batch, batchPlan);
    done += rows;
    // How many texts will come is not known, so the total is what has come.
    plan.onProgress?.(done, done);
    for (let row = 0; row < rows; row++) yield data.subarray(row * columns, (row + 1) * columns);
  }
}
