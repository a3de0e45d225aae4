import { EmbedbagError, type EmbedOptions, type Matrix } from '@embedbag/core';
import type { MiningPlan } from './mining-options.js';

/** What embeds the texts of a plan, normalised. */
export interface TextEmbedder {
  readonly dimension: number;
  /** The embeddings of `count` texts, `[count, dimension]`; `texts` gives those from one number to another. */
  embed(
    task: 'query' | 'document',
    count: number,
    texts: (from: number, to: number) => Promise<readonly string[]>,
    onTexts: (count: number) => void,
  ): Promise<Matrix>;
}

/** Embeds `example` to learn the dimension. @throws EmbedbagError `encode-shape`. */
export async function textEmbedder(plan: MiningPlan, example: string): Promise<TextEmbedder> {
  const { encode, kernels, batchSize, signal } = plan;
  const options = (task: 'query' | 'document'): EmbedOptions => ({ task, ...(signal && { signal }) });
  const { columns: dimension } = checkedShape(await encode([example], options('document')), 1, undefined);
  return {
    dimension,
    async embed(task, count, texts, onTexts) {
      const data = new Float32Array(count * dimension);
      for (let from = 0; from < count; from += batchSize) {
        signal?.throwIfAborted();
        const to = Math.min(count, from + batchSize);
        const part = checkedShape(await encode(await texts(from, to), options(task)), to - from, dimension);
        data.set(part.data.subarray(0, part.rows * dimension), from * dimension);
        onTexts(to - from);
      }
      signal?.throwIfAborted();
      const matrix = { data, rows: count, columns: dimension };
      kernels.normalizeRows(matrix);
      return matrix;
    },
  };
}

function checkedShape(matrix: Matrix, texts: number, dimension: number | undefined): Matrix {
  const { data, rows, columns } = matrix;
  const isWhole = columns > 0 && data.length >= rows * columns;
  if (rows === texts && isWhole && columns === (dimension ?? columns)) return matrix;
  throw new EmbedbagError({
    code: 'encode-shape',
    message: `Expected \`encode\` to return ${texts} rows of ${dimension ?? 'some'} dimensions for ${texts} texts, received ${rows} of ${columns} with ${data.length} values. Return one embedding a text, all of one dimension.`,
    details: { rows, columns, values: data.length },
  });
}
