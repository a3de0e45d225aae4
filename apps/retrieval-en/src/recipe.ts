import { type ArticleData, type EvaluatedTraining, evaluateAround } from '@embedbag/cli';
import type { EvaluateOptions, Kernels, Loss, TextDataset, Tokenizer, TrainingEvent } from '@embedbag/core';
import { createInitialModel, type InitialTable } from '@embedbag/distillation';
import { informationRetrievalEvaluator, type RetrievalSet } from '@embedbag/evaluators';
import { matryoshkaLoss } from '@embedbag/losses';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import type { StaticEmbedding } from '@embedbag/static-embedding';
import { type TrainingArgumentsInput, train } from '@embedbag/trainer';
import { summarizeScores } from './score-report.js';

/**
 * The English retrieval recipe of "Train 400x faster Static Embedding Models with Sentence Transformers":
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
    runName: 'static-retrieval-mrl-en',
  },
} as const;

const QUESTION_ANSWER = { anchor: 'question', positive: 'answer' } as const;
const QUERY_ANSWER = { anchor: 'query', positive: 'answer' } as const;
const QUERY_TRIPLET = { anchor: 'query', positive: 'positive', negative: 'negative' } as const;
const TRIPLET = { anchor: 'anchor', positive: 'positive', negative: 'negative' } as const;
const TWENTY_NEGATIVES = Array.from({ length: 20 }, (_, index) => `negative_${index + 1}`);

/** What the article trained its model on: 39,287 batches of 2,048 rows. */
export const ARTICLE: ArticleData = {
  tokenizer: 'google-bert/bert-base-uncased',
  vocabularySize: 30_522,
  arguments: { saveStrategy: 'steps', saveSteps: 250, saveTotalLimit: 2, loggingSteps: 250, loggingFirstStep: true },
  datasets: [
    { id: 'sentence-transformers/gooaq', columns: QUESTION_ANSWER, rows: 3_012_496, heldOut: 10_000 },
    {
      id: 'sentence-transformers/msmarco-co-condenser-margin-mse-sym-mnrl-mean-v1',
      config: 'triplet',
      columns: QUERY_TRIPLET,
      rows: 502_939,
      heldOut: 10_000,
    },
    { id: 'sentence-transformers/squad', columns: QUESTION_ANSWER, rows: 87_599, heldOut: 10_000 },
    {
      id: 'sentence-transformers/s2orc',
      config: 'title-abstract-pair',
      split: 'train[:100000]',
      columns: { anchor: 'title', positive: 'abstract' },
      rows: 100_000,
      heldOut: 10_000,
    },
    // Its evaluation rows are a split of their own.
    { id: 'sentence-transformers/all-nli', config: 'triplet', columns: TRIPLET, rows: 557_850 },
    { id: 'sentence-transformers/paq', columns: QUERY_ANSWER, rows: 64_371_441, heldOut: 10_000 },
    { id: 'sentence-transformers/trivia-qa', columns: QUERY_ANSWER, rows: 73_346, heldOut: 5_000 },
    { id: 'bclavie/msmarco-10m-triplets', columns: QUERY_TRIPLET, rows: 10_000_000, heldOut: 10_000 },
    {
      id: 'nthakur/swim-ir-monolingual',
      config: 'en',
      columns: { anchor: 'query', positive: 'text' },
      rows: 501_538,
      heldOut: 10_000,
    },
    {
      id: 'sentence-transformers/pubmedqa',
      config: 'triplet-20',
      columns: {
        anchor: 'anchor',
        positive: 'positive',
        ...Object.fromEntries(TWENTY_NEGATIVES.map((name) => [name, name])),
      },
      rows: 1_660,
      heldOut: 100,
    },
    { id: 'sentence-transformers/miracl', config: 'en-triplet-all', columns: TRIPLET, rows: 789_900, heldOut: 10_000 },
    { id: 'sentence-transformers/mldr', config: 'en-triplet-all', columns: TRIPLET, rows: 200_000, heldOut: 10_000 },
    { id: 'sentence-transformers/mr-tydi', config: 'en-triplet-all', columns: TRIPLET, rows: 354_700, heldOut: 10_000 },
  ],
};

/** What the article measured its model on. */
export const ARTICLE_EVALUATION = 'sentence-transformers/NanoBEIR-en';

/** NDCG@10 by retrieval set, then by dim. */
export type Scores = Readonly<Record<string, Readonly<Record<number, number>>>>;

/** Queries and documents to measure a model on. */
export interface NamedRetrievalSet extends RetrievalSet {
  readonly name: string;
}

export interface RecipeInput {
  readonly tokenizer: Tokenizer;
  readonly kernels: Kernels;
  readonly datasets: readonly TextDataset[];
  readonly retrievalSets: readonly NamedRetrievalSet[];
  /** Trained at every dim: the article's is `multipleNegativesRankingLoss({ scale: RECIPE.scale })`. */
  readonly loss: Loss;
  readonly seed: number;
  /** What the table begins with. Default: random rows, as in the article. */
  readonly initialTable?: InitialTable | undefined;
  /** The model is saved in the folder `final` in here. */
  readonly outputDir: string;
  /** What the default data needs changed of {@link RECIPE}'s arguments. */
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
  const { tokenizer, kernels, datasets, loss, seed, outputDir, signal, onEvent } = input;
  const { initialTable = { kind: 'random' } } = input;
  const place = { tokenizer, dimension: RECIPE.dimension, seed, kernels, datasets, signal };
  const model = await createInitialModel(initialTable, place);
  const evaluated = await evaluateAround({
    onEvent,
    evaluate: (_, options) => evaluate(model, input, options),
    summarize: input.retrievalSets.length === 0 ? undefined : summarizeScores,
    train: (around) =>
      train({
        model,
        datasets,
        initialTable: { ...initialTable },
        loss: atEveryDim(loss),
        batchSampler: noDuplicatesBatchSampler(),
        multiDatasetBatchSampler: proportionalBatchSampler(),
        signal,
        ...around,
        arguments: { ...RECIPE.arguments, ...input.arguments, ...around.arguments, seed, outputDir },
      }),
  });
  return { model, ...evaluated };
}

/** `loss` at every Matryoshka dim. */
export function atEveryDim(loss: Loss): Loss {
  return matryoshkaLoss(loss, { dims: RECIPE.matryoshkaDims });
}

async function evaluate(model: StaticEmbedding, input: RecipeInput, options: EvaluateOptions): Promise<Scores> {
  const scores: Record<string, Record<number, number>> = {};
  for (const set of input.retrievalSets) {
    const evaluator = informationRetrievalEvaluator({ ...set, truncateDims: RECIPE.matryoshkaDims });
    const { byDim } = await evaluator.evaluate(model, options);
    scores[set.name] = Object.fromEntries(
      RECIPE.matryoshkaDims.map((dim) => [dim, byDim[dim]?.['cosine_ndcg@10'] ?? Number.NaN]),
    );
  }
  return scores;
}
