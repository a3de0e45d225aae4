import { EmbedbagError, type JsonObject, type Loss } from '@embedbag/core';
import {
  type CachedGistEmbedLossOptions,
  type CachedMultipleNegativesRankingLossOptions,
  type ContrastiveLossOptions,
  type CosentLossOptions,
  cachedGistEmbedLoss,
  cachedMultipleNegativesRankingLoss,
  contrastiveLoss,
  cosentLoss,
  cosineSimilarityLoss,
  type EmbeddingDistillationLossOptions,
  embeddingDistillationLoss,
  type GistEmbedLossOptions,
  gistEmbedLoss,
  type MarginMseLossOptions,
  type MultipleNegativesRankingLossOptions,
  marginMseLoss,
  multipleNegativesRankingLoss,
  type TripletLossOptions,
  tripletLoss,
} from '@embedbag/losses';
import type { GuideLoader } from './guide-loader.js';

/** A loss that the command knows by name. */
export interface BuiltInLoss {
  /** The keys that `--loss-options` may have. */
  readonly options: readonly string[];
  create(options: JsonObject, loadGuide: GuideLoader['load']): Loss | Promise<Loss>;
}

/** Every option of a loss, so that one that is added to the loss is missing here at compile time. */
type OptionNames<Options> = Record<keyof Options, true>;

/** The loss checks the values of its options itself: what comes from JSON may be anything. */
function builtIn<Options>(names: OptionNames<Options>, create: (options: Options) => Loss): BuiltInLoss {
  return { options: Object.keys(names), create: (options) => create(options as Options) };
}

/** Which option is the path of a model folder or of guide embeddings, and which one names them. */
interface ModelOption<Options> {
  readonly role: keyof Options & string;
  readonly nameOption: keyof Options & string;
  /** Whether the loss can do without. */
  readonly isOptional: boolean;
}

/** A loss with a second model. */
function builtInWithModel<Options>(
  names: OptionNames<Options>,
  { role, nameOption, isOptional }: ModelOption<Options>,
  create: (options: Options) => Loss,
): BuiltInLoss {
  return {
    options: Object.keys(names),
    async create(options, loadGuide) {
      const folder = options[role];
      if (folder === undefined && isOptional) return create(options as Options);
      if (typeof folder !== 'string') {
        throw new EmbedbagError({
          code: 'invalid-loss-option',
          message: `Expected \`--loss-options\` to name a model folder, or one that \`embedbag guide\` made, as \`${role}\`, received ${JSON.stringify(folder) ?? 'nothing'}. Give one such as '{"${role}": "my-model/final"}'.`,
          details: { option: role },
        });
      }
      const name = options[nameOption];
      const { guide, guideName } = await loadGuide(folder, typeof name === 'string' ? name : undefined);
      return create({ [nameOption]: guideName, ...options, [role]: guide } as Options);
    },
  };
}

/** The losses of `embedbag train --loss`, by name. */
export const BUILT_IN_LOSSES: Readonly<Record<string, BuiltInLoss>> = {
  'multiple-negatives-ranking': builtIn<MultipleNegativesRankingLossOptions>(
    {
      scale: true,
      directions: true,
      partitionMode: true,
      hardnessMode: true,
      hardnessStrength: true,
      maskEqualTexts: true,
    },
    multipleNegativesRankingLoss,
  ),
  'cached-multiple-negatives-ranking': builtIn<CachedMultipleNegativesRankingLossOptions>(
    {
      scale: true,
      directions: true,
      partitionMode: true,
      hardnessMode: true,
      hardnessStrength: true,
      maskEqualTexts: true,
      miniBatchSize: true,
    },
    cachedMultipleNegativesRankingLoss,
  ),
  gist: builtInWithModel<GistEmbedLossOptions>(
    {
      guide: true,
      guideName: true,
      temperature: true,
      marginStrategy: true,
      margin: true,
      contrastAnchors: true,
      contrastPositives: true,
    },
    { role: 'guide', nameOption: 'guideName', isOptional: false },
    gistEmbedLoss,
  ),
  'cached-gist': builtInWithModel<CachedGistEmbedLossOptions>(
    {
      guide: true,
      guideName: true,
      temperature: true,
      marginStrategy: true,
      margin: true,
      contrastAnchors: true,
      contrastPositives: true,
      miniBatchSize: true,
    },
    { role: 'guide', nameOption: 'guideName', isOptional: false },
    cachedGistEmbedLoss,
  ),
  triplet: builtIn<TripletLossOptions>({ distanceMetric: true, margin: true }, tripletLoss),
  cosent: builtIn<CosentLossOptions>({ scale: true }, cosentLoss),
  'cosine-similarity': builtIn<object>({}, cosineSimilarityLoss),
  contrastive: builtIn<ContrastiveLossOptions>({ distanceMetric: true, margin: true }, contrastiveLoss),
  'margin-mse': builtIn<MarginMseLossOptions>({ similarity: true }, marginMseLoss),
  'embedding-distillation': builtInWithModel<EmbeddingDistillationLossOptions>(
    { teacher: true, teacherName: true, distanceMetric: true, truncateTeacher: true },
    { role: 'teacher', nameOption: 'teacherName', isOptional: true },
    embeddingDistillationLoss,
  ),
};
