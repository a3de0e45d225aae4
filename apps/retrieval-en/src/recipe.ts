import type { Kernels, Loss, TextDataset, Tokenizer, TrainingEvent } from '@embedbag/core';
import type { RetrievalData } from '@embedbag/datasets';
import { informationRetrievalEvaluator } from '@embedbag/evaluators';
import { matryoshkaLoss } from '@embedbag/losses';
import { noDuplicatesBatchSampler, proportionalBatchSampler } from '@embedbag/samplers';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { type TrainingArgumentsInput, type TrainingSummary, train } from '@embedbag/trainer';

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
  },
} as const;

/** NDCG@10 by retrieval set, then by dim. */
export type Scores = Readonly<Record<string, Readonly<Record<number, number>>>>;

export interface RecipeInput {
  readonly tokenizer: Tokenizer;
  readonly kernels: Kernels;
  readonly datasets: readonly TextDataset[];
  readonly retrievalSets: readonly RetrievalData[];
  /** Trained at every dim: the article's is `multipleNegativesRankingLoss({ scale: RECIPE.scale })`. */
  readonly loss: Loss;
  readonly seed: number;
  /** The model is saved in the folder `final` in here. */
  readonly outputDir: string;
  /** What the default data needs changed of {@link RECIPE}'s arguments. */
  readonly arguments?: TrainingArgumentsInput;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
}

export interface RecipeResult {
  /** The trained model; the caller disposes it. */
  readonly model: StaticEmbedding;
  readonly summary: TrainingSummary;
  readonly before: Scores;
  /** Undefined when the run was stopped before its end. */
  readonly after: Scores | undefined;
  /** Time in `train` alone: tokenizing, sampling, steps and saving, without evaluation. */
  readonly trainingMs: number;
}

/** Trains, evaluates and saves a model as {@link RECIPE} says. */
export async function runRecipe(input: RecipeInput): Promise<RecipeResult> {
  const { tokenizer, kernels, datasets, loss, seed, outputDir, signal, onEvent } = input;
  const model = await StaticEmbedding.create({ tokenizer, dimension: RECIPE.dimension, seed, kernels });
  const before = await evaluate(model, input);

  const startedAt = performance.now();
  const summary = await train({
    model,
    datasets,
    loss: matryoshkaLoss(loss, { dims: RECIPE.matryoshkaDims }),
    batchSampler: noDuplicatesBatchSampler(),
    multiDatasetBatchSampler: proportionalBatchSampler(),
    arguments: { ...RECIPE.arguments, ...input.arguments, seed, outputDir },
    signal,
    onEvent,
  });
  const trainingMs = performance.now() - startedAt;

  const after = summary.outcome === 'completed' ? await evaluateUnlessStopped(model, input) : undefined;
  return { model, summary, before, after, trainingMs };
}

/** The model is saved by now: a stop loses the scores and nothing else. */
async function evaluateUnlessStopped(model: StaticEmbedding, input: RecipeInput): Promise<Scores | undefined> {
  try {
    return await evaluate(model, input);
  } catch (error) {
    if (!input.signal.aborted) throw error;
    return undefined;
  }
}

async function evaluate(model: StaticEmbedding, input: RecipeInput): Promise<Scores> {
  const scores: Record<string, Record<number, number>> = {};
  for (const set of input.retrievalSets) {
    const evaluator = informationRetrievalEvaluator({ ...set, truncateDims: RECIPE.matryoshkaDims });
    const { byDim } = await evaluator.evaluate(model, { signal: input.signal });
    scores[set.name] = Object.fromEntries(
      RECIPE.matryoshkaDims.map((dim) => [dim, byDim[dim]?.['cosine_ndcg@10'] ?? Number.NaN]),
    );
  }
  return scores;
}
