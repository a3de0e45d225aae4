/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} min
 * @property {number} max
 */

/**
 * The value in the middle of `values`, or the mean of the two in the middle.
 *
 * @param {readonly number[]} values At least one.
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * @param {readonly number[]} values At least one.
 * @returns {Spread}
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * The value that a share of `values` does not exceed, by the nearest rank.
 *
 * @param {Float64Array} values At least one; sorted in place.
 * @param {number} share Above 0, at most 1.
 */
export function percentile(values, share) {
  values.sort();
  return values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? Number.NaN;
}
