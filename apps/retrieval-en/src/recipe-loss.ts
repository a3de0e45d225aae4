import { createGuideLoader, type GuideLoader, type RecipeName, TRAINING_RECIPES } from '@embedbag/cli';
import { EmbedbagError, type Hub, type Kernels, type Loss } from '@embedbag/core';
import { cachedMultipleNegativesRankingLoss, gistEmbedLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { RECIPE } from './recipe.js';

/** The losses that the recipe can train at every dim, by their option. */
export const RECIPE_LOSSES = ['mnrl', 'cached-mnrl', 'gist'] as const;

/** Which loss, and what it needs. */
export interface RecipeLossOptions {
  readonly loss: (typeof RECIPE_LOSSES)[number];
  /** Whose directions the ranking losses have. */
  readonly recipe: RecipeName;
  /** The folder, or the id on the hub, of the model that guides `gist`; or a folder that `embedbag guide` made. */
  readonly guide?: string;
  /** Divides the similarities of `gist`. Default: its own. */
  readonly temperature?: number;
}

/** A loss and the guide that it asks. */
export interface RecipeLoss extends Pick<GuideLoader, 'open' | 'dispose'> {
  readonly loss: Loss;
}

/** Refuses options that would have no effect, and a guided loss without a guide: `conflicting-options`, `missing-option`. */
export function checkLossOptions({ loss, guide, temperature }: RecipeLossOptions): void {
  if (loss === 'gist') {
    if (guide !== undefined) return;
    throw new EmbedbagError({
      code: 'missing-option',
      message:
        'Expected `--guide` with `--loss gist`, received none. Give the folder of a trained model, such as `OUTPUT/final` of a run with `--loss mnrl`, or one that `embedbag guide` made.',
    });
  }
  const unused = guide !== undefined ? '--guide' : temperature !== undefined ? '--temperature' : undefined;
  if (unused === undefined) return;
  throw new EmbedbagError({
    code: 'conflicting-options',
    message: `Expected \`${unused}\` with \`--loss gist\`, received it with \`--loss ${loss}\`. Leave it out.`,
  });
}

/** Makes the loss of checked options; loads the guide where there is one, from a folder or from `hub`. */
export async function recipeLoss(options: RecipeLossOptions, kernels: Kernels, hub: Hub): Promise<RecipeLoss> {
  const { loss, guide, temperature, recipe } = options;
  const guides = createGuideLoader((source) => StaticEmbedding.load(source, { kernels, hub }));
  const ranking = { scale: RECIPE.scale, ...TRAINING_RECIPES[recipe].lossOptions };
  if (loss === 'mnrl') return { loss: multipleNegativesRankingLoss(ranking), ...guides };
  if (loss === 'cached-mnrl') return { loss: cachedMultipleNegativesRankingLoss(ranking), ...guides };
  checkLossOptions(options);
  const named = await guides.load(guide!);
  return { loss: gistEmbedLoss(temperature === undefined ? named : { ...named, temperature }), ...guides };
}
