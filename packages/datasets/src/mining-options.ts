import { EmbedbagError, type EmbedOptions, type Kernels, type Matrix, type TextDataset } from '@embedbag/core';
import type { MiningRules } from './choose-negatives.js';
import type { MinedRow, MiningFormat, RowSettings } from './mined-row.js';
import type { MiningSummary } from './mining-summary.js';

/** Gives one embedding a text, `[texts, dimension]`, of the same dimension at every call; normalised or not. */
export type MiningEncoder = (texts: readonly string[], options: EmbedOptions) => Matrix | Promise<Matrix>;

/** Scores (anchor, text) pairs better than embeddings do: a cross-encoder. One number a pair, higher for what fits better. */
export type PairRescorer = (
  pairs: readonly (readonly [anchor: string, text: string])[],
  signal: AbortSignal | undefined,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** What is told while negatives are mined. */
export type MiningEvent =
  | { readonly type: 'texts-embedded'; readonly texts: number; readonly totalTexts: number }
  /** Pairs of an anchor and a text of the corpus. */
  | { readonly type: 'pairs-compared'; readonly pairs: number; readonly totalPairs: number }
  | { readonly type: 'anchors-mined'; readonly anchors: number; readonly totalAnchors: number; readonly rows: number }
  | { readonly type: 'mining-end'; readonly summary: MiningSummary };

/** Settings of {@link mineHardNegatives}. Names and defaults are those of `mine_hard_negatives` of sentence-transformers. */
export interface MineHardNegativesOptions {
  /** The model: `(texts, options) => model.embed(texts, options)`. Its `task` says whether texts are anchors or documents. */
  readonly encode: MiningEncoder;
  /** What compares embeddings. */
  readonly kernels: Kernels;
  /** The role of the column of anchors. Default: the first column. */
  readonly anchorColumn?: string;
  /** The role of the column of positives. Default: the second column. */
  readonly positiveColumn?: string;
  /** Texts that negatives may come from, beside all positives; read once. Default: the positives alone. */
  readonly corpus?: Iterable<string> | AsyncIterable<string>;
  /** Passes over the nearest so many texts that keep all rules. Default 0. */
  readonly rangeMin?: number;
  /**
   * Looks at the nearest so many texts, and as many more as an anchor has rows at most. Default: `rangeMin` + `numNegatives` + the most rows that an anchor has; with
   * a margin, `maxScore` or `rescore`, ten times `numNegatives`.
   */
  readonly rangeMax?: number;
  /** Passes over texts with a higher score. */
  readonly maxScore?: number;
  /** Passes over texts with a lower score. */
  readonly minScore?: number;
  /** Passes over texts whose score and this are together above the score of the anchor's farthest positive. */
  readonly absoluteMargin?: number;
  /** Passes over texts whose score is above `p - |p| * relativeMargin`, `p` being that of the anchor's farthest positive. */
  readonly relativeMargin?: number;
  /** Negatives an anchor. Default 3. */
  readonly numNegatives?: number;
  /** The nearest of what is chosen from, or some of it by chance. Default `top`. */
  readonly samplingStrategy?: 'top' | 'random';
  /** Chance comes from it alone. Default 42. */
  readonly seed?: number;
  /** Lets an anchor's own positives be among its `n-tuple`, as for tests of a reranker. Default false. */
  readonly includePositives?: boolean;
  /** Default `triplet`; `n-tuple` with `includePositives`. */
  readonly outputFormat?: MiningFormat;
  /** Adds `scores`, or has `score` in the place of `label`. Default false; true in `n-tuple-scores`. */
  readonly outputScores?: boolean;
  /** Scores what was found anew, before any rule. */
  readonly rescore?: PairRescorer;
  /** Texts, or pairs, that `encode` and `rescore` get at a time. Default 1024. */
  readonly batchSize?: number;
  /** Most memory for embeddings that are kept; a larger corpus is embedded again for each part of the anchors. Default 2 GiB. */
  readonly embeddingBytes?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: MiningEvent) => void;
}

type KeptOption = 'encode' | 'kernels' | 'corpus' | 'rangeMax' | 'rescore' | 'signal' | 'onEvent';

/** Options with their defaults, checked. */
export interface MiningPlan
  extends Pick<MineHardNegativesOptions, KeptOption>,
    Omit<MiningRules, 'rangeMax'>,
    RowSettings {
  readonly anchor: number;
  readonly positive: number;
  readonly seed: number;
  readonly includePositives: boolean;
  readonly batchSize: number;
  readonly embeddingBytes: number;
}

const FORMATS: readonly MiningFormat[] = ['triplet', 'n-tuple', 'n-tuple-scores', 'labeled-pair', 'labeled-list'];
const STRATEGIES = ['top', 'random'] as const;
const TWO_GIB = 2 ** 31;

function invalid(option: string, expected: string, received: unknown, remedy: string): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-mining-option',
    message: `Expected \`${option}\` to be ${expected}, received ${String(received)}. ${remedy}`,
    details: { option, received: String(received) },
  });
}

function checkWhole(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw invalid(option, `a whole number of at least ${least}`, value, 'Leave it out for the default.');
}

function checkFinite(option: string, value: number | undefined): void {
  if (value === undefined || Number.isFinite(value)) return;
  throw invalid(option, 'a number', value, 'Leave it out to do without it.');
}

function checkChoice<Choice extends string>(option: string, value: Choice, choices: readonly Choice[]): void {
  if (choices.includes(value)) return;
  throw invalid(option, choices.map((choice) => `\`${choice}\``).join(', '), `\`${value}\``, 'Choose one of them.');
}

function columnOf(dataset: TextDataset, role: string | undefined, fallback: number): number {
  const column = role === undefined ? fallback : dataset.columns.indexOf(role);
  if (column >= 0 && column < dataset.columns.length) return column;
  throw new EmbedbagError({
    code: 'missing-column',
    message: `Expected a column \`${role ?? 'positive'}\` in dataset \`${dataset.name}\`, received ${dataset.columns.map((name) => `\`${name}\``).join(', ')}. Name one of these in \`anchorColumn\` and another in \`positiveColumn\`.`,
    details: { dataset: dataset.name, missing: role ?? 'positive', received: [...dataset.columns] },
  });
}

function chosenFormat(options: MineHardNegativesOptions): RowSettings['outputFormat'] {
  const { includePositives = false, outputFormat = includePositives ? 'n-tuple' : 'triplet' } = options;
  checkChoice('outputFormat', outputFormat, FORMATS);
  const format = outputFormat === 'n-tuple-scores' ? 'n-tuple' : outputFormat;
  if (!includePositives || format === 'n-tuple') return format;
  throw invalid(
    'outputFormat',
    '`n-tuple` with `includePositives`, whose order of texts says their ranks',
    `\`${outputFormat}\``,
    'Leave one of the two out.',
  );
}

/** The options with their defaults. @throws EmbedbagError `empty-dataset`, `missing-column`, `invalid-mining-option`. */
export function miningPlan(dataset: TextDataset, options: MineHardNegativesOptions): MiningPlan {
  const { numNegatives = 3, rangeMin = 0, rangeMax, samplingStrategy = 'top', maxScore, minScore } = options;
  const { absoluteMargin, relativeMargin, batchSize = 1024, embeddingBytes = TWO_GIB, seed = 42 } = options;
  if (dataset.rowCount === 0) {
    throw new EmbedbagError({
      code: 'empty-dataset',
      message: `Expected dataset \`${dataset.name}\` to have rows, received none. Give pairs of an anchor and a positive.`,
      details: { dataset: dataset.name },
    });
  }
  const anchor = columnOf(dataset, options.anchorColumn, 0);
  const positive = columnOf(dataset, options.positiveColumn, 1);
  if (anchor === positive) {
    throw invalid(
      'positiveColumn',
      'another column than that of the anchors',
      `\`${dataset.columns[anchor]}\``,
      'Name two.',
    );
  }
  checkWhole('numNegatives', numNegatives, 1);
  checkWhole('rangeMin', rangeMin, 0);
  if (rangeMax !== undefined) checkRange(rangeMin, rangeMax, numNegatives);
  for (const [name, value] of Object.entries({ maxScore, minScore, absoluteMargin, relativeMargin }))
    checkFinite(name, value);
  if (minScore !== undefined && maxScore !== undefined && minScore > maxScore) {
    throw invalid(
      'minScore',
      `at most the \`maxScore\` of ${maxScore}`,
      minScore,
      'Lower it, or every text is passed over.',
    );
  }
  checkChoice('samplingStrategy', samplingStrategy, STRATEGIES);
  checkWhole('batchSize', batchSize, 1);
  checkWhole('embeddingBytes', embeddingBytes, 1);
  checkWhole('seed', seed, 0);
  return {
    ...options,
    ...{ anchor, positive, numNegatives, rangeMin, samplingStrategy, batchSize, embeddingBytes, seed },
    ...{ maxScore, minScore, absoluteMargin, relativeMargin },
    includePositives: options.includePositives ?? false,
    outputFormat: chosenFormat(options),
    outputScores: options.outputScores ?? options.outputFormat === 'n-tuple-scores',
  };
}

function checkRange(rangeMin: number, rangeMax: number, numNegatives: number): void {
  checkWhole('rangeMax', rangeMax, 1);
  if (rangeMax - rangeMin >= numNegatives) return;
  throw invalid(
    'rangeMax',
    `at least ${rangeMin + numNegatives}, for ${numNegatives} negatives after a \`rangeMin\` of ${rangeMin}`,
    rangeMax,
    'Raise it, or lower `rangeMin` or `numNegatives`.',
  );
}

/** How many of the nearest texts are chosen from; `mostRows` is the most rows that an anchor has. */
export function rangeEnd(plan: MiningPlan, mostRows: number): number {
  const { rangeMin, rangeMax, numNegatives, absoluteMargin, relativeMargin, maxScore, rescore } = plan;
  if (rangeMax !== undefined) return rangeMax;
  const passesOver = [absoluteMargin, relativeMargin, maxScore, rescore].some((value) => value !== undefined);
  return rangeMin + numNegatives * (passesOver ? 10 : 1) + mostRows;
}

/** Rows as they come out of {@link mineHardNegatives}. */
export type MinedRows = AsyncGenerator<MinedRow, MiningSummary, undefined>;
