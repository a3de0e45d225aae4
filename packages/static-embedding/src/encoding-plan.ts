import { EmbedbagError, type EmbedOptions, type Matrix } from '@embedbag/core';
import { requireDimension } from './dimension.js';
import type { ModelConfig } from './model-config.js';
import { PRECISIONS, type Precision } from './precision.js';
import { needsRanges, requireMeasurable } from './quantization.js';
import { findRanges, noFittingRanges, type StoredRanges } from './stored-ranges.js';

/** What an embedding is made of before it is quantised. */
export interface EmbeddingOptions extends EmbedOptions {
  /** Put before every text, ahead of `promptName` and `task`. */
  readonly prompt?: string;
  /** The name of one of the model's prompts, ahead of `task`. */
  readonly promptName?: string;
  /** Texts tokenized and averaged at once. Default 1024. */
  readonly batchSize?: number;
}

/** Settings of `encode` and `encodeStream`. The order is: truncate, normalise, quantise. */
export interface EncodeOptions<P extends Precision = 'float32'> extends EmbeddingOptions {
  /** Default `float32`. */
  readonly precision?: P;
  /**
   * `[2, dimension]` minima and maxima for `int8` and `uint8`. Default: those the model was calibrated with;
   * where it never was, several texts are measured themselves, and a single one is an error.
   */
  readonly ranges?: Matrix;
}

/** The checked settings of one call. */
export interface EncodingPlan {
  readonly prompt: string;
  readonly dimension: number;
  readonly normalize: boolean;
  readonly precision: Precision;
  /** Undefined where the call measures its own, or needs none. */
  readonly ranges: Matrix | undefined;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

const DEFAULT_BATCH_SIZE = 1024;

/** By task: the prompts that stand for it, the first that exists. */
const TASK_PROMPTS = { query: ['query'], document: ['document', 'passage', 'corpus'] } as const;

function promptOf(config: ModelConfig, { prompt, promptName, task }: EmbeddingOptions): string {
  if (prompt !== undefined) return prompt;
  const has = (name: string): boolean => Object.hasOwn(config.prompts, name);
  if (promptName !== undefined && !has(promptName)) {
    const names = Object.keys(config.prompts);
    const listed = names.map((name) => `\`${name}\``).join(', ');
    throw new EmbedbagError({
      code: 'prompt-unknown',
      message: `Expected \`promptName\` to be ${listed === '' ? 'left out of a model without prompts' : `one of ${listed}`}, received \`${promptName}\`. Pass the text itself as \`prompt\`.`,
      details: { received: promptName, names },
    });
  }
  const candidates: readonly string[] = task === undefined ? [] : TASK_PROMPTS[task];
  const name = promptName ?? candidates.find(has) ?? config.defaultPromptName;
  return name === undefined ? '' : (config.prompts[name] ?? '');
}

function batchSizeOf(batchSize: number): number {
  if (Number.isSafeInteger(batchSize) && batchSize >= 1) return batchSize;
  throw new EmbedbagError({
    code: 'batch-size-invalid',
    message: `Expected \`batchSize\` to be a whole number above 0, received ${batchSize}. Leave it out for ${DEFAULT_BATCH_SIZE}.`,
    details: { received: String(batchSize) },
  });
}

function precisionOf(precision: Precision): Precision {
  if (PRECISIONS.includes(precision)) return precision;
  throw new EmbedbagError({
    code: 'precision-unsupported',
    message: `Expected \`precision\` to be one of ${PRECISIONS.map((name) => `\`${name}\``).join(', ')}, received \`${precision}\`. Pass one of these.`,
    details: { received: String(precision) },
  });
}

/** What a plan must know of the model. */
export interface PlannedModel {
  readonly config: ModelConfig;
  readonly dimension: number;
  readonly storedRanges: readonly StoredRanges[];
}

/**
 * Checks the options of one call; `count` is how many texts it has, or 1 where they cannot be measured together.
 *
 * Throws `dimension-invalid`, `dimension-too-large`, `prompt-unknown`, `precision-unsupported`, `batch-size-invalid` and
 * `ranges-missing`.
 */
export function planEncoding(model: PlannedModel, options: EncodeOptions<Precision>, count: number): EncodingPlan {
  const { truncateDim = model.dimension, normalize = model.config.normalize, batchSize = DEFAULT_BATCH_SIZE } = options;
  const dimension = requireDimension('truncateDim', truncateDim, model.dimension);
  const precision = precisionOf(options.precision ?? 'float32');
  let ranges: Matrix | undefined;
  if (needsRanges(precision)) {
    ranges = options.ranges ?? findRanges(model.storedRanges, dimension, normalize);
    if (ranges === undefined && model.storedRanges.length > 0) throw noFittingRanges(dimension, normalize);
    if (ranges === undefined && count > 0) requireMeasurable(count);
  }
  return {
    prompt: promptOf(model.config, options),
    dimension,
    normalize,
    precision,
    ranges,
    batchSize: batchSizeOf(batchSize),
    signal: options.signal,
    onProgress: options.onProgress,
  };
}
