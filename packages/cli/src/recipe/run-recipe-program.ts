import type { Kernels } from '@embedbag/core';
import type { TrainingArgumentsInput } from '@embedbag/trainer';
import { kernelsFromOptions } from '../kernel-options.js';
import type { ProgramContext } from '../run-program.js';
import type { RecipeData } from './recipe-data.js';
import type { RecipeOptions } from './recipe-options.js';
import { answerTypedQuestions, loadTextLibrary } from './text-library.js';

/** What of {@link runRecipeProgram} is a recipe's own. */
export interface RecipeProgram {
  /** How the texts of its library are searched. */
  readonly library: { readonly withTitle: boolean };
  readonly trainAndReport: (kernels: Kernels) => Promise<void>;
}

/** Answers typed questions with the model of the last run where `--search` finds one, else trains. */
export async function runRecipeProgram(
  options: RecipeOptions,
  context: ProgramContext,
  program: RecipeProgram,
): Promise<void> {
  const kernels = await kernelsFromOptions(options, context);
  try {
    const library = options.search ? await loadTextLibrary(options.output, kernels, program.library) : undefined;
    if (library === undefined) await program.trainAndReport(kernels);
    else await answerTypedQuestions(library, context).finally(() => library.model.dispose());
  } finally {
    kernels.dispose();
  }
}

/** The arguments of a run and of its plan: the recipe's, what its data need changed, and what the options say. */
export function recipeArguments(
  recipe: TrainingArgumentsInput,
  { batchSize, bf16 }: RecipeOptions,
  data: Pick<RecipeData, 'arguments'>,
): TrainingArgumentsInput {
  const batch = batchSize === undefined ? {} : { perDeviceTrainBatchSize: batchSize };
  return { ...recipe, ...data.arguments, ...batch, bf16 };
}
