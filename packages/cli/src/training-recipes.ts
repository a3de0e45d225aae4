import type { JsonObject } from '@embedbag/core';
import type { InitialTable } from '@embedbag/distillation';
import type { MultipleNegativesRankingLossOptions } from '@embedbag/losses';
import type { TrainingArgumentsInput } from '@embedbag/trainer';

/** What a recipe changes of the defaults, which are the article's. */
export interface TrainingRecipe {
  readonly initialTable?: InitialTable;
  /** Of `multiple-negatives-ranking`, cached or not; other losses do not have them. */
  readonly lossOptions?: Pick<MultipleNegativesRankingLossOptions, 'directions' | 'partitionMode' | 'scale'>;
  readonly arguments: TrainingArgumentsInput;
}

/** The names of `--recipe`. */
export const RECIPE_NAMES = ['article', 'best'] as const;

/** A recipe's name. */
export type RecipeName = (typeof RECIPE_NAMES)[number];

/** What `--recipe` is for, in help texts. */
export const RECIPE_HELP =
  'article: random rows, batches of 2048; best: rows weighted by the training texts, batches of 1024, a symmetric loss and what goes with it';

/**
 * The recipes of `--recipe`.
 *
 * - `article`: "Train 400x faster Static Embedding Models with Sentence Transformers".
 * - `best`: rows begin weighted by inverse document frequency; batches are half as large, so that steps are twice as many,
 *   with a learning rate smaller by the square root of 2; the loss tells questions apart by their answers, too, and is a little
 *   softer. docs/recipes.md has what each is worth.
 */
export const TRAINING_RECIPES: Readonly<Record<RecipeName, TrainingRecipe>> = {
  article: { arguments: { bf16: true } },
  best: {
    initialTable: { kind: 'idf', exponent: 1.5 },
    lossOptions: { directions: ['query_to_doc', 'doc_to_query'], partitionMode: 'per_direction', scale: 15 },
    arguments: { perDeviceTrainBatchSize: 1024, learningRate: 0.14, bf16: true },
  },
};

/** The losses that take a recipe's `lossOptions`. */
const RANKING_LOSSES: readonly string[] = ['multiple-negatives-ranking', 'cached-multiple-negatives-ranking'];

/** The settings that a recipe has a say in. */
interface RecipeSettings {
  readonly recipe?: RecipeName | undefined;
  readonly model?: string | undefined;
  readonly initialTable?: InitialTable | undefined;
  readonly loss?: string | undefined;
  readonly lossOptions?: JsonObject | undefined;
  readonly scale?: number | undefined;
  readonly arguments?: TrainingArgumentsInput | undefined;
}

type Recipeless<Settings> = Omit<Settings, 'recipe'> & Omit<RecipeSettings, 'recipe'>;

/**
 * `settings` with those of its recipe where it has none itself. A saved model keeps its table, and a loss of another kind its
 * options. The recipe's name is gone: its settings are all there is to it.
 */
export function withRecipe<Settings extends RecipeSettings>(settings: Settings): Recipeless<Settings> {
  const { recipe: name, ...own } = settings;
  if (name === undefined) return own;
  const recipe = TRAINING_RECIPES[name];
  const { model, initialTable = model === undefined ? recipe.initialTable : undefined } = settings;
  const isRanking = settings.loss === undefined || RANKING_LOSSES.includes(settings.loss);
  // `scale` beside `lossOptions` is short for one among them.
  const { scale, ...others } = recipe.lossOptions ?? {};
  const filled = scale === undefined || settings.scale !== undefined ? others : { ...others, scale };
  const lossOptions = isRanking ? { ...filled, ...settings.lossOptions } : settings.lossOptions;
  return {
    ...own,
    ...(initialTable && { initialTable }),
    ...(lossOptions && { lossOptions }),
    arguments: { ...recipe.arguments, ...settings.arguments },
  };
}
