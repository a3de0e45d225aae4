/**
 * Figures against a size, as a picture and a file hold them.
 *
 * @typedef {readonly [x: number, y: number]} Point
 *
 * @typedef {object} Series
 * @property {string} name A side, or what is expected of it.
 * @property {readonly Point[]} points With x ascending.
 * @property {boolean} [isExpected] Drawn as a dashed line without points. Default: false.
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {'time' | 'bytes'} unit Seconds, or bytes.
 * @property {'logarithmic' | 'linear'} scale Of both axes; a linear one begins at 0.
 * @property {readonly Series[]} series Ours first.
 *
 * @typedef {object} Curve
 * @property {string} title
 * @property {string} axis What x counts.
 * @property {readonly Panel[]} panels
 */
import { medianOf } from './marks.mjs';

/** @typedef {import('./marks.mjs').Measurement} Measurement */

/**
 * The medians of a figure against the sizes of the cases, a list a side that was measured. `time` is that of a round.
 *
 * @param {readonly Measurement[]} measurements
 * @param {ReadonlyMap<string, number>} sizes By the name of a case, ascending.
 * @param {string} figure
 * @returns {Series[]}
 */
export function seriesOf(measurements, sizes, figure) {
  const sides = [...new Set(measurements.map(({ side }) => side))];
  return sides.map((side) => ({
    name: side,
    points: [...sizes].flatMap(([name, size]) => {
      const value = medianOf(measurements, name, side, figure);
      return value === undefined ? [] : [/** @type {const} */ ([size, value])];
    }),
  }));
}

/**
 * `growth` through the first of `points`: where they would lie if they grew as it does.
 *
 * @param {readonly Point[]} points At least one.
 * @param {(size: number) => number} growth
 * @returns {Point[]}
 */
export function expectedFrom(points, growth) {
  const [size, value] = /** @type {Point} */ (points[0]);
  return points.map(([x]) => [x, (value * growth(x)) / growth(size)]);
}
