import { type ArticleData, type EvaluatedTraining, evaluateAround, type ListedDataset } from '@embedbag/cli';
import type { EvaluateOptions, Kernels, Loss, TextDataset, Tokenizer, TrainingEvent } from '@embedbag/core';
import { createInitialModel, type InitialTable } from '@embedbag/distillation';
import type { EvaluatorByDim } from '@embedbag/evaluators';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import type { StaticEmbedding } from '@embedbag/static-embedding';
import { type TrainingArgumentsInput, train } from '@embedbag/trainer';
import { summarizeScores } from './score-report.js';

/**
 * The multilingual similarity recipe of "Train 400x faster Static Embedding Models with Sentence Transformers":
 * change a number here, run it again, compare the tables.
 */
export const RECIPE = {
  dimension: 1024,
  matryoshkaDims: [1024, 768, 512, 256, 128, 64, 32],
  scale: 20,
  arguments: {
    numTrainEpochs: 1,
    perDeviceTrainBatchSize: 2048,
    learningRate: 0.2,
    warmupRatio: 0.1,
    bf16: true,
    runName: 'static-similarity-mrl-multilingual',
  },
} as const;

/** The columns of parallel sentences. */
export const PARALLEL = { anchor: 'english', positive: 'non_english' } as const;
const PAIR = { anchor: 'anchor', positive: 'positive' } as const;
const TRIPLET = { ...PAIR, negative: 'negative' } as const;
const SIMPLIFIED = { anchor: 'text', positive: 'simplified' } as const;
const CAPTIONS = { anchor: 'caption1', positive: 'caption2' } as const;

const parallel = (name: string, others: Pick<ListedDataset, 'config' | 'split' | 'rows'>): ListedDataset => ({
  id: `sentence-transformers/parallel-sentences-${name}`,
  columns: PARALLEL,
  heldOut: 10_000,
  ...others,
});

/**
 * What the article trained its model on: 30,560 batches of 2,048 rows. The script also names JW300; the model's card and its
 * number of steps do not have it.
 */
export const ARTICLE: ArticleData = {
  tokenizer: 'google-bert/bert-base-multilingual-uncased',
  vocabularySize: 105_879,
  arguments: { saveStrategy: 'steps', saveSteps: 1000, saveTotalLimit: 2, loggingSteps: 1000, loggingFirstStep: true },
  datasets: [
    parallel('wikititles', { rows: 14_700_458 }),
    parallel('tatoeba', { config: 'all', rows: 4_138_956 }),
    parallel('talks', { config: 'all', rows: 9_750_031 }),
    parallel('europarl', { config: 'all', split: 'train[:5000000]', rows: 5_000_000 }),
    parallel('global-voices', { config: 'all', rows: 1_099_099 }),
    parallel('muse', { rows: 1_368_274 }),
    parallel('wikimatrix', { config: 'all', rows: 9_688_498 }),
    parallel('opensubtitles', { config: 'all', split: 'train[:5000000]', rows: 5_000_000 }),
    {
      id: 'sentence-transformers/stackexchange-duplicates',
      config: 'post-post-pair',
      columns: { anchor: 'post1', positive: 'post2' },
      rows: 250_519,
      heldOut: 10_000,
    },
    {
      id: 'sentence-transformers/quora-duplicates',
      config: 'triplet',
      columns: TRIPLET,
      rows: 101_762,
      heldOut: 10_000,
    },
    {
      id: 'sentence-transformers/wikianswers-duplicates',
      split: 'train[:10000000]',
      columns: PAIR,
      rows: 10_000_000,
      heldOut: 10_000,
    },
    // Its evaluation rows are a split of their own.
    { id: 'sentence-transformers/all-nli', config: 'triplet', columns: TRIPLET, rows: 557_850 },
    { id: 'sentence-transformers/simple-wiki', columns: SIMPLIFIED, rows: 102_225, heldOut: 10_000 },
    { id: 'sentence-transformers/altlex', columns: SIMPLIFIED, rows: 112_696, heldOut: 10_000 },
    { id: 'sentence-transformers/flickr30k-captions', columns: CAPTIONS, rows: 158_881, heldOut: 10_000 },
    { id: 'sentence-transformers/coco-captions', columns: CAPTIONS, rows: 414_010, heldOut: 10_000 },
    { id: 'sentence-transformers/nli-for-simcse', config: 'triplet', columns: TRIPLET, rows: 274_951, heldOut: 10_000 },
    {
      id: 'jinaai/negation-dataset',
      columns: { anchor: 'anchor', positive: 'entailment', negative: 'negative' },
      rows: 10_000,
      heldOut: 100,
    },
  ],
};

/** Pairs of sentences to measure a model on. */
export interface SimilaritySet {
  /** `similarity`: pairs that people scored. `translation`: sentences whose translations are to be found. */
  readonly kind: 'similarity' | 'translation';
  /** The language, with the folder of its file in front where it lies in one. */
  readonly name: string;
  /** Pairs. */
  readonly size: number;
  /** Measures a model at each of {@link RECIPE}'s dims. */
  readonly evaluator: EvaluatorByDim;
}

/** Figures by set, then by dim: Spearman's correlation, or the shares of translations found in both directions and their mean. */
export type Scores = Readonly<Record<string, Readonly<Record<number, Readonly<Record<string, number>>>>>>;

export interface RecipeInput {
  readonly tokenizer: Tokenizer;
  readonly kernels: Kernels;
  readonly datasets: readonly TextDataset[];
  readonly sets: readonly SimilaritySet[];
  readonly seed: number;
  /** What the table begins with. Default: random rows, as in the article. */
  readonly initialTable?: InitialTable | undefined;
  /** The model is saved in the folder `final` in here. */
  readonly outputDir: string;
  /** What the default data need changed of {@link RECIPE}'s arguments. */
  readonly arguments?: TrainingArgumentsInput;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
}

export interface RecipeResult extends EvaluatedTraining<Scores> {
  /** The trained model; the caller disposes it. */
  readonly model: StaticEmbedding;
}

/** Trains, evaluates and saves a model as {@link RECIPE} says. */
export async function runRecipe(input: RecipeInput): Promise<RecipeResult> {
  const { tokenizer, kernels, datasets, seed, outputDir, signal, onEvent } = input;
  const { initialTable = { kind: 'random' } } = input;
  const place = { tokenizer, dimension: RECIPE.dimension, seed, kernels, datasets, signal };
  const model = await createInitialModel(initialTable, place);
  const evaluated = await evaluateAround({
    onEvent,
    evaluate: (_, options) => evaluate(model, input, options),
    summarize: input.sets.length === 0 ? undefined : (scores) => summarizeScores(scores, input),
    train: (around) =>
      train({
        model,
        datasets,
        initialTable: { ...initialTable },
        loss: recipeLoss(),
        batchSampler: noDuplicatesBatchSampler(),
        multiDatasetBatchSampler: proportionalBatchSampler(),
        signal,
        ...around,
        arguments: { ...RECIPE.arguments, ...input.arguments, ...around.arguments, seed, outputDir },
      }),
  });
  return { model, ...evaluated };
}

/** Multiple negatives ranking at every Matryoshka dim. */
export function recipeLoss(): Loss {
  return matryoshkaLoss(multipleNegativesRankingLoss({ scale: RECIPE.scale }), { dims: RECIPE.matryoshkaDims });
}

async function evaluate(model: StaticEmbedding, { sets }: RecipeInput, options: EvaluateOptions): Promise<Scores> {
  const scores: Record<string, Scores[string]> = {};
  for (const { name, evaluator } of sets) scores[name] = (await evaluator.evaluate(model, options)).byDim;
  return scores;
}
