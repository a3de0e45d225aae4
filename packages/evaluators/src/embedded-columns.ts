import type { EmbeddingModel, EvaluateOptions, Matrix } from '@embedbag/core';

/** Texts to embed, and what kind of texts they are. */
export interface TextsToEmbed {
  readonly texts: readonly string[];
  readonly task?: 'query' | 'document';
}

/**
 * The embeddings of each list of texts, all columns, not normalised. Tells `onProgress` the share of texts that are done,
 * and ends with the reason of an aborted signal.
 */
export async function embeddedColumns(
  model: EmbeddingModel,
  columns: readonly TextsToEmbed[],
  { signal, onProgress }: EvaluateOptions,
): Promise<Matrix[]> {
  const total = columns.reduce((sum, { texts }) => sum + texts.length, 0);
  const embeddings: Matrix[] = [];
  let done = 0;
  for (const { texts, task } of columns) {
    signal?.throwIfAborted();
    embeddings.push(
      await model.embed(texts, { ...(signal !== undefined && { signal }), ...(task !== undefined && { task }) }),
    );
    signal?.throwIfAborted();
    done += texts.length;
    onProgress?.(done / total);
  }
  return embeddings;
}
