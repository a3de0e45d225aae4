import {
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type EvaluateOptions,
  type EvaluationCsv,
  type Matrix,
} from '@embedbag/core';
import { type DimensionOptions, dimensionsFor, resolveTruncateDims } from './dimension-options.js';
import { embeddedColumns } from './embedded-columns.js';
import { meanItemFigures, meansOf } from './item-figures.js';
import { rowRange } from './matrix-parts.js';
import { nextTurn } from './next-turn.js';
import { checkParallelLists, rowIds } from './parallel-lists.js';
import { type DimMeasurement, type EvaluatorByDim, joinName, resultByDim } from './result-by-dim.js';

/** What {@link translationEvaluator} measures. */
export interface TranslationOptions extends DimensionOptions {
  /** Stands before every key, with `_`. Default: none. */
  readonly name?: string;
  readonly sourceSentences: readonly string[];
  /** By row, the translation of `sourceSentences`. */
  readonly targetSentences: readonly string[];
}

const SENTENCES_AT_ONCE = 1024;
/** Embedding is the first half of the work, searching the second. */
const EMBEDDING_SHARE = 0.5;

/** One language. */
interface Side {
  readonly sentences: readonly string[];
  readonly embeddings: Matrix;
}

/** By row of `from`: 1 where its most similar row of `to`, the first of equals, has the text of its translation. */
async function matches(
  { embeddings: from }: Side,
  { embeddings: to, sentences }: Side,
  { dimension, kernels }: { readonly dimension: number; readonly kernels: EmbeddingModel['kernels'] },
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const isMatch = new Float64Array(from.rows);
  for (let start = 0; start < from.rows; start += SENTENCES_AT_ONCE) {
    signal?.throwIfAborted();
    const queries = rowRange(from, start, Math.min(start + SENTENCES_AT_ONCE, from.rows));
    const { indices } = kernels.topK({ queries, documents: to, k: 1, similarity: 'cosine', dimension });
    for (let row = 0; row < queries.rows; row++) {
      isMatch[start + row] = sentences[indices[row]!] === sentences[start + row] ? 1 : 0;
    }
    await nextTurn();
  }
  signal?.throwIfAborted();
  return isMatch;
}

async function measure(
  [source, target]: readonly [Side, Side],
  dimension: number,
  { kernels }: EmbeddingModel,
  { signal }: EvaluateOptions,
): Promise<DimMeasurement> {
  const toTarget = await matches(source, target, { dimension, kernels }, signal);
  const toSource = await matches(target, source, { dimension, kernels }, signal);
  const values = {
    src2trg_accuracy: toTarget,
    trg2src_accuracy: toSource,
    mean_accuracy: toTarget.map((value, row) => (value + toSource[row]!) / 2),
  };
  return { dimension, figures: meansOf(values), items: meanItemFigures(values) };
}

const csv = (name: string, figures: Readonly<Record<string, number>>): EvaluationCsv => ({
  fileName: `${joinName('translation_evaluation', name)}_results.csv`,
  columns: ['src2trg', 'trg2src'],
  values: [figures.src2trg_accuracy!, figures.trg2src_accuracy!],
  lineEnd: '\r\n',
});

/**
 * TranslationEvaluator: the share of sentences for which the most similar one of the other language, by cosine, has the text
 * of the translation, in both directions. Among equally similar ones the first counts as found.
 *
 * Keys are `<name>_src2trg_accuracy`, `<name>_trg2src_accuracy` and, the primary one, `<name>_mean_accuracy`. Figures of
 * several dims as in `informationRetrievalEvaluator`.
 *
 * Throws `length-mismatch`, `empty-list` and `dimension-invalid`; `evaluate` throws `dimension-too-large` and the reason of
 * an aborted signal. Follows sentence-transformers 6.2.
 *
 * @example
 * ```ts
 * const evaluator = translationEvaluator({
 *   name: 'en-de',
 *   sourceSentences: ['It rains.', 'I read a book.'],
 *   targetSentences: ['Es regnet.', 'Ich lese ein Buch.'],
 * });
 * const { metrics } = await evaluator.evaluate(model);
 * metrics['en-de_mean_accuracy'];
 * ```
 */
export function translationEvaluator(options: TranslationOptions): EvaluatorByDim {
  const { name = '', sourceSentences, targetSentences } = options;
  checkParallelLists({ sourceSentences, targetSentences });
  const truncateDims = resolveTruncateDims(options);
  return {
    contract: EVALUATOR_CONTRACT,
    name: name || 'translation',
    config: { name, pairs: sourceSentences.length, ...(truncateDims !== undefined && { truncateDims }) },
    async evaluate(model, evaluateOptions = {}) {
      const { signal, onProgress, withItems } = evaluateOptions;
      const dims = dimensionsFor(model, truncateDims);
      const columns = [sourceSentences, targetSentences].map((texts) => ({ texts }));
      const [source, target] = await embeddedColumns(model, columns, {
        ...(signal !== undefined && { signal }),
        onProgress: (share) => onProgress?.(share * EMBEDDING_SHARE),
      });
      const sides = [
        { sentences: sourceSentences, embeddings: source! },
        { sentences: targetSentences, embeddings: target! },
      ] as const;
      const measurements: DimMeasurement[] = [];
      for (const dimension of dims) {
        measurements.push(await measure(sides, dimension, model, evaluateOptions));
        onProgress?.(EMBEDDING_SHARE + (1 - EMBEDDING_SHARE) * (measurements.length / dims.length));
      }
      const itemIds = withItems ? rowIds(sourceSentences.length) : undefined;
      return resultByDim({ name, primaryKey: () => 'mean_accuracy', csv, itemIds }, measurements);
    },
  };
}
