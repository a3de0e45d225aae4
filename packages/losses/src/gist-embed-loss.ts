import type { ContrastiveBlock, ContrastiveGuide, Loss, LossColumns, TextGuide } from '@embedbag/core';
import { type ContrastiveFormParts, lossFromForm, matricesOfBlocks } from './contrastive-form-loss.js';
import { numberFromZero, oneOf, positiveNumber } from './invalid-option.js';
import { checkColumns, expectPrepared } from './loss-batch.js';
import { askGuide, checkGuide, type GuideEmbeddings } from './text-guide.js';

/** What a margin is taken from the positive's guide similarity as. */
export type GistMarginStrategy = ContrastiveGuide['marginStrategy'];

/** The options of {@link gistEmbedLoss}. */
export interface GistEmbedLossOptions {
  /** Says which texts are too similar to be negatives; see `guideFromModel`, `guideFromFolder` and `guideFromVectors`. */
  readonly guide: TextGuide;
  /** Names the guide in the config and on the model card. Default: `guide`. */
  readonly guideName?: string;
  /** Divides every cosine similarity, `1 / scale`; positive. Default: 0.01. */
  readonly temperature?: number;
  /**
   * With `g` the guide's similarity of anchor and positive, what the guide finds more similar is removed above `g - margin`
   * (`absolute`) or `g - |g| * margin` (`relative`). Default: `absolute`.
   */
  readonly marginStrategy?: GistMarginStrategy;
  /** From 0 up; more removes more. Default: 0, what is more similar than the positive. */
  readonly margin?: number;
  /** Whether other anchors are negatives of an anchor. Default: true, as in the paper. */
  readonly contrastAnchors?: boolean;
  /** Whether other positives are negatives of a positive. Default: true, as in the paper; false may retrieve better. */
  readonly contrastPositives?: boolean;
}

const NAME = 'GISTEmbedLoss';
const COLUMNS: LossColumns = { min: 2, labels: 'none' };
const STRATEGIES: readonly GistMarginStrategy[] = ['absolute', 'relative'];

const CITATION = `@misc{solatorio2024gistembed,
    title={GISTEmbed: Guided In-sample Selection of Training Negatives for Text Embedding Fine-tuning},
    author={Aivin V. Solatorio},
    year={2024},
    eprint={2402.16829},
    archivePrefix={arXiv},
    primaryClass={cs.LG}
}`;

function block(queries: number, candidates: number): ContrastiveBlock {
  // A text against itself is removed by the guide too, which finds it more similar than a positive that differs.
  return { queries, candidates, partition: 0, removeDiagonal: false };
}

function blocksOf(columnCount: number, contrastAnchors: boolean, contrastPositives: boolean): ContrastiveBlock[] {
  return [
    block(0, 1),
    ...(contrastAnchors ? [block(0, 0)] : []),
    ...(contrastPositives ? [block(1, 1)] : []),
    ...Array.from({ length: columnCount - 2 }, (_, index) => block(0, index + 2)),
  ];
}

/** What `gistEmbedLoss` and its cached form are made of; `name` stands in messages. */
export function gistParts(name: string, options: GistEmbedLossOptions): ContrastiveFormParts<GuideEmbeddings> {
  const { guideName = 'guide', contrastAnchors = true, contrastPositives = true } = options;
  const guide = checkGuide('guide', options.guide);
  const temperature = positiveNumber('temperature', options.temperature ?? 0.01, 'GIST takes 0.01.');
  const marginStrategy = oneOf('marginStrategy', STRATEGIES, options.marginStrategy ?? 'absolute');
  const margin = numberFromZero('margin', options.margin ?? 0, 'GIST takes 0.');
  return {
    name,
    config: { guide: guideName, temperature, marginStrategy, margin, contrastAnchors, contrastPositives },
    columns: COLUMNS,
    citation: CITATION,
    // The kernel's copy of the guide's embeddings and two layouts of it, taken to be as wide as the model's.
    workingMatrices: (columnCount) =>
      matricesOfBlocks(blocksOf(columnCount, contrastAnchors, contrastPositives)) + 3 * columnCount,
    prepare: (input, signal) => askGuide('guide', guide, input, signal),
    contrastive(columnCount, prepared) {
      checkColumns(name, COLUMNS, columnCount, 'anchor, positive and negatives');
      const { columns, dimension } = expectPrepared(name, prepared);
      const blocks = blocksOf(columnCount, contrastAnchors, contrastPositives);
      return { blocks, scale: 1 / temperature, guide: { columns, dimension, marginStrategy, margin } };
    },
  };
}

/**
 * GISTEmbedLoss: in-batch negatives, less those that a guide model finds more similar than the positive, which are probably
 * right answers of another row.
 *
 * Inputs: (anchor, positive), (anchor, positive, negative) or (anchor, positive, negative_1, ..., negative_n); no labels. In
 * one softmax are an anchor's similarities to all positives, all anchors and all negatives, and its positive's to all
 * positives. The guide's similarity of the row's anchor and positive is the threshold for all of them; the positive itself
 * is never removed.
 *
 * Requirements: a guide that is better than the model at first; it may have another dimension and another tokenizer.
 * Recommendations: `guideFromModel` with a model of an earlier run, or `guideFromVectors` with a transformer's embeddings made
 * once; `contrastPositives: false` for retrieval.
 *
 * Relations: without a guide, `multipleNegativesRankingLoss`, which takes `scale: 1 / temperature`. `matryoshkaLoss` runs it
 * at many dims in one pass. `cachedGistEmbedLoss` is the same with a bound on its memory.
 *
 * Reference: sentence-transformers 6.2, losses/gist_embed.py, which takes one negative and no static model; Solatorio 2024,
 * arXiv 2402.16829.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `guide-shape` when it prepares a batch, `wrong-columns` and
 * `not-prepared` when it computes one.
 *
 * @example
 * ```ts
 * const guide = guideFromModel(await StaticEmbedding.load('first-run/final'));
 * const loss = gistEmbedLoss({ guide, guideName: 'first-run', marginStrategy: 'relative', margin: 0.05 });
 * ```
 */
export function gistEmbedLoss(options: GistEmbedLossOptions): Loss<GuideEmbeddings> {
  return lossFromForm(gistParts(NAME, options));
}
