import { EmbedbagError, type JsonObject, type Matrix } from '@embedbag/core';
import { configError, FILE_NAMES } from './model-config.js';

/** The quantisation ranges of embeddings that were truncated and normalised in one particular way. */
export interface StoredRanges {
  /** Whether the embeddings were normalised before they were measured. */
  readonly normalize: boolean;
  /** `[2, dimension]`: minima in row 0, maxima in row 1. */
  readonly ranges: Matrix;
}

const FORMAT = 'embedbag/quantization-ranges@1';

/** The first `columns` of `[2, dimension]` ranges. */
function truncateRanges(ranges: Matrix, columns: number): Matrix {
  const data = new Float32Array(2 * columns);
  data.set(ranges.data.subarray(0, columns), 0);
  data.set(ranges.data.subarray(ranges.columns, ranges.columns + columns), columns);
  return { data, rows: 2, columns };
}

/**
 * The ranges that fit embeddings of `dimension` columns, or undefined.
 * Without normalising, the columns of a longer embedding are those of the shorter one, so its ranges fit too.
 */
export function findRanges(stored: readonly StoredRanges[], dimension: number, normalize: boolean): Matrix | undefined {
  const alike = stored.filter((entry) => entry.normalize === normalize);
  const exact = alike.find(({ ranges }) => ranges.columns === dimension);
  if (exact !== undefined) return exact.ranges;
  const wider = normalize ? undefined : alike.find(({ ranges }) => ranges.columns > dimension);
  return wider && truncateRanges(wider.ranges, dimension);
}

/** `stored` with `added` in place of the ranges that were measured in the same way. */
export function replaceRanges(stored: readonly StoredRanges[], added: StoredRanges): StoredRanges[] {
  const kept = stored.filter(
    ({ normalize, ranges }) => normalize !== added.normalize || ranges.columns !== added.ranges.columns,
  );
  return [...kept, added];
}

/** What remains of `stored` for a model of `dimension` columns. */
export function narrowStoredRanges(stored: readonly StoredRanges[], dimension: number): StoredRanges[] {
  const fitting = stored.filter(({ ranges }) => ranges.columns <= dimension);
  if (fitting.length === stored.length) return fitting;
  const whole = findRanges(stored, dimension, false);
  return whole === undefined ? fitting : replaceRanges(fitting, { normalize: false, ranges: whole });
}

/** The error of a call that has ranges to choose from, none of which fits. */
export function noFittingRanges(dimension: number, normalize: boolean): EmbedbagError {
  return new EmbedbagError({
    code: 'ranges-missing',
    message: `Expected the model to hold quantisation ranges for ${dimension} dimensions ${normalize ? 'with' : 'without'} normalising, received others. Call \`calibrate\` with the same \`truncateDim\` and \`normalize\`, or pass \`ranges\`.`,
    details: { dimension, normalize },
  });
}

/** The text of `quantization_ranges.json`. */
export function formatStoredRanges(stored: readonly StoredRanges[]): string {
  const entries: JsonObject[] = stored.map(({ normalize, ranges }) => ({
    normalize,
    dimension: ranges.columns,
    minima: Array.from(ranges.data.subarray(0, ranges.columns)),
    maxima: Array.from(ranges.data.subarray(ranges.columns, 2 * ranges.columns)),
  }));
  return `${JSON.stringify({ format: FORMAT, ranges: entries })}\n`;
}

function isNumbers(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every(Number.isFinite);
}

function parseEntry(value: unknown, modelDimension: number): StoredRanges {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { normalize, dimension, minima, maxima } = entry;
  const fits = Number.isSafeInteger(dimension) && (dimension as number) >= 1;
  const length = dimension as number;
  if (typeof normalize !== 'boolean' || !fits || !isNumbers(minima, length) || !isNumbers(maxima, length)) {
    throw configError(FILE_NAMES.ranges, '`normalize`, `dimension`, `minima` and `maxima` of that length', 'others');
  }
  if (length > modelDimension) {
    throw configError(FILE_NAMES.ranges, `ranges of at most the model's ${modelDimension} dimensions`, `${length}`);
  }
  return { normalize, ranges: { data: Float32Array.from([...minima, ...maxima]), rows: 2, columns: length } };
}

/** Reads the value of `quantization_ranges.json`. Throws `model-config-invalid`. */
export function parseStoredRanges(value: unknown, modelDimension: number): StoredRanges[] {
  const { format, ranges } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (format !== FORMAT || !Array.isArray(ranges)) {
    throw configError(
      FILE_NAMES.ranges,
      `\`format\` \`${FORMAT}\` and a list \`ranges\``,
      JSON.stringify(format) ?? 'none',
    );
  }
  return ranges.map((entry) => parseEntry(entry, modelDimension));
}
