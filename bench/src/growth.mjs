/** How figures grow: whether faster than the work does, and whether at all. */
import { median } from './statistics.mjs';

/** @typedef {import('./curve.mjs').Point} Point */

/** Time may grow so many times as much as the work, and memory so many times as much as along a straight line. */
const MOST_GROWTH = 1.4;
/** Less than this is the noise of a process that does the same twice. */
const NOISE_BYTES = 16 * 2 ** 20;

/**
 * The stretch between two sizes over which y grew most beside `growth`, and how many times as much as it.
 *
 * @param {readonly Point[]} points At least two, with x ascending.
 * @param {(size: number) => number} growth What the work grows with.
 */
export function steepestStretch(points, growth) {
  let steepest = { factor: Number.NEGATIVE_INFINITY, from: Number.NaN, to: Number.NaN };
  for (const [j, [to, later]] of points.entries()) {
    for (const [from, earlier] of points.slice(0, j)) {
      const factor = later / earlier / (growth(to) / growth(from));
      if (factor > steepest.factor) steepest = { factor, from, to };
    }
  }
  return steepest;
}

/**
 * What the memory gains from the middle to the largest size, over what it would gain if it went on as from the smallest to
 * the middle: 1 on a straight line, 0 where it no longer grows. What the process holds at any size does not count.
 *
 * @param {readonly Point[]} points Bytes by size, at least three, with x ascending.
 */
export function bendOfMemory(points) {
  const [small, middle, large] = [0, (points.length - 1) >> 1, points.length - 1].map((i) => points[i]);
  if (small === undefined || middle === undefined || large === undefined) return Number.NaN;
  const added = large[1] - middle[1];
  if (added < NOISE_BYTES) return 0;
  const before = Math.max(NOISE_BYTES, middle[1] - small[1]);
  return added / before / ((large[0] - middle[0]) / (middle[0] - small[0]));
}

/**
 * The median of the later half of `values` over that of the earlier half: 1 where they stay what they are.
 *
 * @param {readonly number[]} values At least two; one in the middle is in neither half.
 */
export function laterOverEarlier(values) {
  const half = values.length >> 1;
  return median(values.slice(-half)) / median(values.slice(0, half));
}

/**
 * The marks of our side over several sizes; none for fewer than three.
 *
 * @param {{ time: readonly Point[], memory: readonly Point[] }} ours
 * @param {{ sizes: string, growth: { name: string, of: (size: number) => number } }} names `sizes`: what x counts.
 * @returns {import('./marks.mjs').OwnMark[]}
 */
export function growthMarks({ time, memory }, { sizes, growth }) {
  if (time.length < 3 || memory.length < 3) return [];
  const { factor, from, to } = steepestStretch(time, growth.of);
  const [smallest, largest] = [from, to].map((size) => size.toLocaleString('en-US'));
  const mark = /** @type {const} */ ({ wanted: MOST_GROWTH, sense: 'at most', unit: 'x' });
  return [
    {
      ...mark,
      label: `time, steepest from ${smallest} to ${largest} ${sizes}, over the growth of ${growth.name}`,
      value: factor,
    },
    {
      ...mark,
      label: `memory added over the larger half of the sizes, over a straight line`,
      value: bendOfMemory(memory),
    },
  ];
}
