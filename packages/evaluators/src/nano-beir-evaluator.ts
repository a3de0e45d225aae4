import {
  EmbedbagError,
  type EmbeddingModel,
  EVALUATOR_CONTRACT,
  type EvaluatedItems,
  type EvaluateOptions,
  type EvaluationCsv,
} from '@embedbag/core';
import { resolveTruncateDims } from './dimension-options.js';
import { informationRetrievalEvaluator } from './information-retrieval-evaluator.js';
import { checkChunkSize, type RetrievalMeasureOptions } from './information-retrieval-options.js';
import { type ResolvedCutoffs, resolveCutoffs } from './metric-means.js';
import { NANO_BEIR_SPLITS, nanoBeirSplit } from './nano-beir-datasets.js';
import { nanoBeirItems } from './nano-beir-items.js';
import { type DimMeasurement, type EvaluatorByDim, joinName, type ResultByDim, resultByDim } from './result-by-dim.js';
import { type RetrievalColumns, retrievalCsv, retrievalPrimaryKey } from './retrieval-csv.js';
import type { RetrievalSet } from './retrieval-task.js';
import { resolveSimilarities } from './similarity-options.js';

/** What {@link nanoBeirEvaluator} measures and how. */
export interface NanoBeirOptions extends RetrievalMeasureOptions {
  /**
   * Gives one dataset by its split, such as `NanoMSMARCO`, from wherever it lies. Called once a split, when it is first
   * evaluated; what it gives is kept.
   */
  readonly load: (split: string, options: { readonly signal?: AbortSignal }) => RetrievalSet | Promise<RetrievalSet>;
  /** Such as `msmarco` or `NanoMSMARCO`. Default: all 13. */
  readonly datasetNames?: readonly string[];
  /** How the figures of all datasets become one. Default: their mean. */
  readonly aggregate?: (figures: readonly number[]) => number;
  /** Names that figure in its key. Default: `mean`. */
  readonly aggregateKey?: string;
}

/** The figures of {@link nanoBeirEvaluator}. */
export interface NanoBeirResult extends ResultByDim {
  /** The result of each dataset by its split, such as `NanoMSMARCO`. */
  readonly byDataset: Readonly<Record<string, ResultByDim>>;
}

/** The evaluator that {@link nanoBeirEvaluator} makes. */
export interface NanoBeirEvaluator extends EvaluatorByDim {
  evaluate(model: EmbeddingModel, options?: EvaluateOptions): Promise<NanoBeirResult>;
}

interface Settings extends RetrievalColumns {
  readonly cutoffs: ResolvedCutoffs;
  readonly splits: readonly string[];
  readonly aggregate: (figures: readonly number[]) => number;
  readonly isMean: boolean;
  readonly aggregateKey: string;
  /** Part of every name where there is one dim, and only one was asked for. */
  readonly dimSuffix: number | '';
  readonly measure: RetrievalMeasureOptions;
}

function mean(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
}

function aggregated(results: readonly ResultByDim[], dimension: number, { aggregate }: Settings): DimMeasurement {
  const keys = Object.keys(results[0]!.byDim[dimension]!);
  return {
    dimension,
    figures: Object.fromEntries(
      keys.map((key) => [key, aggregate(results.map(({ byDim }) => byDim[dimension]![key]!))]),
    ),
    // The items are those of the datasets: see `nanoBeirItems`.
    items: { values: {}, measure: () => Number.NaN },
  };
}

function combine(results: readonly ResultByDim[], settings: Settings): NanoBeirResult {
  const { aggregateKey, dimSuffix, splits, aggregate, isMean } = settings;
  const name = joinName('NanoBEIR', aggregateKey, dimSuffix);
  const form = {
    name,
    primaryKey: (figures: Readonly<Record<string, number>>) => retrievalPrimaryKey(figures, settings),
    csv: (csvName: string, figures: Readonly<Record<string, number>>): EvaluationCsv => {
      const dimOfSeveral = csvName.slice(name.length);
      return retrievalCsv(`NanoBEIR_evaluation_${aggregateKey}${dimOfSeveral}_results.csv`, figures, settings);
    },
    itemIds: undefined,
  };
  const dims = Object.keys(results[0]!.byDim).map(Number);
  const all = resultByDim(
    form,
    dims.map((dimension) => aggregated(results, dimension, settings)),
  );
  const items: EvaluatedItems | undefined = nanoBeirItems({
    name,
    datasets: results.map(({ items }, i) => ({ name: joinName(splits[i]!, dimSuffix), items })),
    aggregate,
    isMean,
  });
  return {
    ...all,
    metrics: Object.assign({}, ...results.map(({ metrics }) => metrics), all.metrics),
    csv: [...results.flatMap(({ csv }) => csv ?? []), ...all.csv!],
    byDataset: Object.fromEntries(splits.map((split, i) => [split, results[i]!])),
    ...(items !== undefined && { items }),
  };
}

function resolveSplits(names: readonly string[]): string[] {
  if (names.length > 0) return [...new Set(names.map(nanoBeirSplit))];
  throw new EmbedbagError({
    code: 'dataset-unknown',
    message: 'Expected `datasetNames` to hold at least one name, received none. Leave it out for all 13.',
    details: { received: '' },
  });
}

function resolveSettings(options: NanoBeirOptions): Settings {
  const { load: _, datasetNames, aggregate, aggregateKey = 'mean', ...measure } = options;
  checkChunkSize(options);
  const truncateDims = resolveTruncateDims(options);
  const { mainScoreFunction } = options;
  return {
    splits: datasetNames === undefined ? NANO_BEIR_SPLITS : resolveSplits(datasetNames),
    aggregate: aggregate ?? mean,
    isMean: aggregate === undefined,
    aggregateKey,
    dimSuffix: truncateDims?.length === 1 ? truncateDims[0]! : '',
    measure,
    cutoffs: resolveCutoffs(options),
    similarities: resolveSimilarities(options.similarityFunctions, mainScoreFunction, 'mainScoreFunction'),
    mainScoreFunction,
  };
}

async function evaluate(
  model: EmbeddingModel,
  settings: Settings,
  evaluatorOf: (split: string, signal?: AbortSignal) => Promise<EvaluatorByDim>,
  options: EvaluateOptions,
): Promise<NanoBeirResult> {
  const { splits } = settings;
  const { signal, onProgress } = options;
  const results: ResultByDim[] = [];
  for (const [index, split] of splits.entries()) {
    signal?.throwIfAborted();
    const evaluator = await evaluatorOf(split, signal);
    const toShare = (share: number): void => onProgress?.((index + share) / splits.length);
    results.push(await evaluator.evaluate(model, { ...options, onProgress: toShare }));
  }
  return combine(results, settings);
}

/**
 * NanoBEIREvaluator: the retrieval figures of 13 small datasets (50 queries each), and their means.
 *
 * Keys are those of `informationRetrievalEvaluator` with the names of the splits, such as `NanoMSMARCO_cosine_ndcg@10`, and
 * `NanoBEIR_<aggregateKey>_<similarity>_<metric>@<k>`; the primary one is `NanoBEIR_mean_cosine_ndcg@10`. Where
 * `truncateDims` is one dim, it is part of every name, as `NanoBEIR_mean_256_cosine_ndcg@10`; with several dims, the keys
 * without a dim are those of the widest.
 *
 * The datasets are those of `sentence-transformers/NanoBEIR-en` and its translations on the Hugging Face Hub: configs
 * `corpus`, `queries` and `qrels`, one split a dataset. `load` gets them; `retrievalSetFromRows` makes a set of their rows.
 *
 * Throws `dataset-unknown`, `cutoff-invalid`, `dimension-invalid`, `chunk-size-invalid` and `similarity-unknown`; `evaluate`
 * throws what `load` and `informationRetrievalEvaluator` throw. Follows sentence-transformers 6.2.
 *
 * @example
 * ```ts
 * const evaluator = nanoBeirEvaluator({
 *   datasetNames: ['msmarco', 'scifact'],
 *   load: (split) => readRetrievalFolder(`nano-beir/${split}`),
 * });
 * const { metrics, primaryMetric } = await evaluator.evaluate(model);
 * metrics[primaryMetric]; // 'NanoBEIR_mean_cosine_ndcg@10'
 * ```
 */
export function nanoBeirEvaluator(options: NanoBeirOptions): NanoBeirEvaluator {
  const settings = resolveSettings(options);
  const { splits, cutoffs, similarities, mainScoreFunction, aggregateKey, dimSuffix } = settings;
  const loaded = new Map<string, EvaluatorByDim>();
  const evaluatorOf = async (split: string, signal?: AbortSignal): Promise<EvaluatorByDim> => {
    const held = loaded.get(split);
    if (held !== undefined) return held;
    const set = await options.load(split, signal === undefined ? {} : { signal });
    const evaluator = informationRetrievalEvaluator({ ...set, ...settings.measure, name: joinName(split, dimSuffix) });
    loaded.set(split, evaluator);
    return evaluator;
  };
  return {
    contract: EVALUATOR_CONTRACT,
    name: joinName('NanoBEIR', aggregateKey, dimSuffix),
    config: {
      datasets: splits,
      aggregateKey,
      ...cutoffs,
      similarityFunctions: similarities,
      ...(options.truncateDims !== undefined && { truncateDims: [...options.truncateDims] }),
      ...(mainScoreFunction !== undefined && { mainScoreFunction }),
    },
    evaluate: (model, evaluateOptions = {}) => evaluate(model, settings, evaluatorOf, evaluateOptions),
  };
}
