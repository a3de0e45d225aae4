import type { ContrastiveBlock, Loss, LossColumns } from '@embedbag/core';
import { type ContrastiveFormParts, lossFromForm, matricesOfBlocks } from './contrastive-form-loss.js';
import { equalTextIds } from './equal-texts.js';
import { invalidOption, wordList } from './invalid-option.js';
import { checkColumns, expectPrepared } from './loss-batch.js';

/** One kind of similarity in the softmax of {@link multipleNegativesRankingLoss}. */
export type Direction = 'query_to_doc' | 'query_to_query' | 'doc_to_query' | 'doc_to_doc';

/** Whether all directions share one softmax or each has its own. */
export type PartitionMode = 'joint' | 'per_direction';

/** Which negatives get a hardness term. */
export type HardnessMode = 'in_batch_negatives' | 'hard_negatives' | 'all_negatives';

/** The options of {@link multipleNegativesRankingLoss}. */
export interface MultipleNegativesRankingLossOptions {
  /** Multiplies every cosine similarity, `1 / temperature`; positive. Default: 20. */
  readonly scale?: number;
  /**
   * - `query_to_doc`: an anchor against all positives and negatives; always needed, for it holds the pair itself.
   * - `query_to_query`: an anchor against all other anchors.
   * - `doc_to_query`: a positive against all anchors.
   * - `doc_to_doc`: a positive against all positives and negatives of other rows.
   *
   * Default: `['query_to_doc']`.
   */
  readonly directions?: readonly Direction[];
  /**
   * `joint`: one softmax over all directions. `per_direction`: one softmax each, their losses averaged; not with
   * `query_to_query` or `doc_to_doc`, which do not hold the pair. Default: `joint`.
   */
  readonly partitionMode?: PartitionMode;
  /**
   * Adds `hardnessStrength * cosine`, as a constant, to the logits of these negatives of `query_to_doc`: those of other
   * rows, the row's own hard negatives, or both. Default: null, none.
   */
  readonly hardnessMode?: HardnessMode | null;
  /** Not negative; needed with `hardnessMode`. Lan et al. 2025 use 9, Schechter Vera et al. 2025 use 5. */
  readonly hardnessStrength?: number;
  /**
   * Whether texts that are equal to the character tell which candidates are no negatives: rows with the same anchor or the same
   * positive are none of each other, and a negative that is the row's own positive is none. Needs the texts of a batch, from
   * `prepare`. A batch that repeats no text costs nothing. Default: false.
   */
  readonly maskEqualTexts?: boolean;
}

/** What {@link multipleNegativesRankingLoss} prepares with `maskEqualTexts`: the ids are undefined for a batch without repeats. */
export interface RankingPrepared {
  /** See `ContrastiveForm`. */
  readonly textIds: readonly Int32Array[] | undefined;
}

type Settings = Required<MultipleNegativesRankingLossOptions>;

const NAME = 'MultipleNegativesRankingLoss';
const COLUMNS: LossColumns = { min: 2, labels: 'none' };
const DIRECTIONS: readonly Direction[] = ['query_to_doc', 'query_to_query', 'doc_to_query', 'doc_to_doc'];
const PARTITION_MODES: readonly PartitionMode[] = ['joint', 'per_direction'];
const HARDNESS_MODES: readonly HardnessMode[] = ['in_batch_negatives', 'hard_negatives', 'all_negatives'];

const CITATION_INFO_NCE = `@misc{oord2019representationlearningcontrastivepredictive,
      title={Representation Learning with Contrastive Predictive Coding},
      author={Aaron van den Oord and Yazhe Li and Oriol Vinyals},
      year={2019},
      eprint={1807.03748},
      archivePrefix={arXiv},
      primaryClass={cs.LG},
      url={https://arxiv.org/abs/1807.03748},
}`;

const CITATION_SYMMETRIC = `@misc{günther2024jinaembeddings28192token,
      title={Jina Embeddings 2: 8192-Token General-Purpose Text Embeddings for Long Documents},
      author={Michael Günther and Jackmin Ong and Isabelle Mohr and Alaeddine Abdessalem and Tanguy Abel and Mohammad Kalim Akram and Susana Guzman and Georgios Mastrapas and Saba Sturua and Bo Wang and Maximilian Werk and Nan Wang and Han Xiao},
      year={2024},
      eprint={2310.19923},
      archivePrefix={arXiv},
      primaryClass={cs.CL},
      url={https://arxiv.org/abs/2310.19923},
}`;

const CITATION_GTE = `@misc{li2023generaltextembeddingsmultistage,
      title={Towards General Text Embeddings with Multi-stage Contrastive Learning},
      author={Zehan Li and Xin Zhang and Yanzhao Zhang and Dingkun Long and Pengjun Xie and Meishan Zhang},
      year={2023},
      eprint={2308.03281},
      archivePrefix={arXiv},
      primaryClass={cs.CL},
      url={https://arxiv.org/abs/2308.03281},
}`;

function checkDirections(directions: readonly Direction[], partitionMode: PartitionMode): void {
  if (directions.length === 0) {
    invalidOption('directions', 'to have at least one direction', directions, 'Leave it out for `query_to_doc`.');
  }
  for (const direction of directions) {
    if (!DIRECTIONS.includes(direction))
      invalidOption('directions', `to be of ${wordList(DIRECTIONS)}`, direction, 'Choose of these.');
  }
  if (!directions.includes('query_to_doc')) {
    invalidOption(
      'directions',
      'to hold `query_to_doc`, which holds the positive pair',
      directions,
      'Add `query_to_doc`.',
    );
  }
  if (!PARTITION_MODES.includes(partitionMode)) {
    invalidOption('partitionMode', `to be ${wordList(PARTITION_MODES)}`, partitionMode, 'Choose of these.');
  }
  const withoutPair = directions.filter((direction) => direction === 'query_to_query' || direction === 'doc_to_doc');
  if (partitionMode === 'per_direction' && withoutPair.length > 0) {
    invalidOption(
      'directions',
      'to hold the positive pair in every direction when `partitionMode` is `per_direction`',
      withoutPair,
      'Use `partitionMode: "joint"`, or drop them.',
    );
  }
}

function settle(options: MultipleNegativesRankingLossOptions): Settings {
  const scale = options.scale ?? 20;
  if (!(scale > 0 && Number.isFinite(scale)))
    invalidOption('scale', 'to be a positive number', scale, 'MNRL takes 20.');
  const partitionMode = options.partitionMode ?? 'joint';
  const directions = [...new Set(options.directions ?? (['query_to_doc'] as const))];
  checkDirections(directions, partitionMode);
  const hardnessMode = options.hardnessMode ?? null;
  if (hardnessMode !== null && !HARDNESS_MODES.includes(hardnessMode)) {
    invalidOption('hardnessMode', `to be null or ${wordList(HARDNESS_MODES)}`, hardnessMode, 'Choose of these.');
  }
  if (hardnessMode !== null && options.hardnessStrength === undefined) {
    invalidOption('hardnessStrength', 'to be given with `hardnessMode`', undefined, 'The papers take 9 and 5.');
  }
  const hardnessStrength = options.hardnessStrength ?? 0;
  if (!(hardnessStrength >= 0 && Number.isFinite(hardnessStrength))) {
    invalidOption('hardnessStrength', 'to be a number from 0 up', hardnessStrength, 'The papers take 9 and 5.');
  }
  const maskEqualTexts = options.maskEqualTexts ?? false;
  return { scale, directions, partitionMode, hardnessMode, hardnessStrength, maskEqualTexts };
}

/** Which logits of (anchor, column `candidates`) get the hardness term. */
function hardnessEntries(
  mode: HardnessMode | null,
  candidates: number,
): 'diagonal' | 'off-diagonal' | 'all' | undefined {
  const hardNegatives = candidates > 1;
  if (mode === 'in_batch_negatives') return 'off-diagonal';
  if (mode === 'hard_negatives') return hardNegatives ? 'diagonal' : undefined;
  if (mode === 'all_negatives') return hardNegatives ? 'all' : 'off-diagonal';
  return undefined;
}

function blocksOf(
  direction: Direction,
  partition: number,
  columnCount: number,
  settings: Settings,
): ContrastiveBlock[] {
  const documents = Array.from({ length: columnCount - 1 }, (_, index) => index + 1);
  switch (direction) {
    case 'query_to_doc':
      return documents.map((candidates) => {
        const entries = hardnessEntries(settings.hardnessMode, candidates);
        const block = { queries: 0, candidates, partition, removeDiagonal: false };
        return entries ? { ...block, hardness: { strength: settings.hardnessStrength, entries } } : block;
      });
    case 'query_to_query':
      return [{ queries: 0, candidates: 0, partition, removeDiagonal: true }];
    case 'doc_to_query':
      return [{ queries: 1, candidates: 0, partition, removeDiagonal: false }];
    case 'doc_to_doc':
      return documents.map((candidates) => ({ queries: 1, candidates, partition, removeDiagonal: true }));
  }
}

function citationOf({ directions, partitionMode }: Settings): string {
  if (directions.length === DIRECTIONS.length && partitionMode === 'joint') return CITATION_GTE;
  const symmetric = directions.length === 2 && directions.includes('doc_to_query');
  return symmetric && partitionMode === 'per_direction' ? CITATION_SYMMETRIC : CITATION_INFO_NCE;
}

/** What `multipleNegativesRankingLoss` and its cached form are made of; `name` stands in messages. */
export function rankingParts(
  name: string,
  options: MultipleNegativesRankingLossOptions,
): ContrastiveFormParts<RankingPrepared | undefined> {
  const settings = settle(options);
  // Block 0 must hold the label.
  const ordered = DIRECTIONS.filter((direction) => settings.directions.includes(direction));
  const blocksFor = (columnCount: number): ContrastiveBlock[] =>
    ordered.flatMap((direction, index) =>
      blocksOf(direction, settings.partitionMode === 'joint' ? 0 : index, columnCount, settings),
    );
  const parts: ContrastiveFormParts<RankingPrepared | undefined> = {
    name,
    config: { ...settings },
    columns: COLUMNS,
    citation: citationOf(settings),
    workingMatrices: (columnCount) => matricesOfBlocks(blocksFor(columnCount)),
    contrastive(columnCount, prepared) {
      checkColumns(name, COLUMNS, columnCount, 'anchor, positive and negatives');
      const form = { blocks: blocksFor(columnCount), scale: settings.scale };
      if (!settings.maskEqualTexts) return form;
      const { textIds } = expectPrepared(name, prepared);
      return textIds ? { ...form, textIds } : form;
    },
  };
  if (!settings.maskEqualTexts) return parts;
  return { ...parts, prepare: async ({ texts }) => ({ textIds: equalTextIds(texts) }) };
}

/**
 * MultipleNegativesRankingLoss, also known as InfoNCE or in-batch negatives: the anchor's own positive must be more
 * similar to it than all other positives and negatives of the batch.
 *
 * Inputs: (anchor, positive), (anchor, positive, negative) or (anchor, positive, negative_1, ..., negative_n); no labels.
 * Candidates of a row are all positives, then the first negative column, then the second ...; row `i` asks for candidate `i`.
 *
 * A negative without a text is no candidate.
 *
 * Requirements: none. Recommendations: the NO_DUPLICATES batch sampler, so that no candidate repeats a row's positive;
 * `maskEqualTexts` where another sampler is used.
 *
 * Relations: `directions: ['query_to_doc', 'doc_to_query']` with `partitionMode: 'per_direction'` is the symmetric loss of
 * Günther et al. 2024; all four directions, joint, are the loss of GTE, Li et al. 2023. `matryoshkaLoss` runs it at many
 * dims in one pass. `cachedMultipleNegativesRankingLoss` is the same with a bound on its memory.
 *
 * Reference: sentence-transformers 6.2, losses/multiple_negatives_ranking.py; van den Oord et al. 2018, arXiv 1807.03748.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `wrong-columns` when it computes fewer than two columns.
 *
 * @example
 * ```ts
 * const loss = multipleNegativesRankingLoss({ scale: 20 });
 * ```
 */
export function multipleNegativesRankingLoss(
  options: MultipleNegativesRankingLossOptions = {},
): Loss<RankingPrepared | undefined> {
  return lossFromForm(rankingParts(NAME, options));
}
