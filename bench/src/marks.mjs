import { median } from './statistics.mjs';

/**
 * @typedef {object} Mark What an entry is to reach.
 * @property {string} case The name of the case.
 * @property {string} figure `time`, `peakBytes`, or one that the sides hand out; smaller is better, except for `rate`.
 * @property {string} [of] Our side that is judged; default `embedbag`.
 * @property {readonly string[]} against The peers; with several, the one that does best in this figure.
 * @property {number} ratio Their figure over ours.
 */

/**
 * @typedef {object} OwnMark A mark of our own figure, without a peer.
 * @property {string} label
 * @property {number} value
 * @property {number} wanted
 * @property {'at least' | 'at most'} sense
 * @property {string} unit After the value, such as `x`.
 */

/**
 * @typedef {object} Measurement One side in one case.
 * @property {string} case
 * @property {string} side
 * @property {string} [note] What it chose, such as its best batch size.
 * @property {number} count Units of work a round.
 * @property {Readonly<Record<string, readonly number[]>>} figures By name, a value a round. `time` is seconds a unit.
 */

/**
 * @typedef {object} JudgedMark
 * @property {string} label
 * @property {string} case
 * @property {string} figure
 * @property {string} side Ours that is judged.
 * @property {string} peer Empty for a mark without a peer.
 * @property {number} value
 * @property {number} wanted
 * @property {'at least' | 'at most'} sense
 * @property {string} unit
 * @property {boolean} isReached
 */

/** The name of our side. */
export const OUR_SIDE = 'embedbag';

/** What another side of ours than the default one is, such as `bf16`. @param {string} side */
export const variantOf = (side) => side.slice(OUR_SIDE.length).trim();

/** What the table and the picture call a figure; `time` needs no name. */
const FIGURE_NAMES = new Map([
  ['time', ''],
  ['peakBytes', 'memory'],
]);

/**
 * The median of a figure of one side, or undefined when it was not measured.
 *
 * @param {readonly Measurement[]} measurements
 * @param {string} caseName
 * @param {string} side
 * @param {string} figure
 */
export function medianOf(measurements, caseName, side, figure) {
  const found = measurements.find((one) => one.case === caseName && one.side === side);
  const values = found?.figures[figure];
  return values === undefined ? undefined : median(values);
}

/**
 * Whether the marks are reached. Those without a measurement on both sides are left out.
 *
 * @param {readonly Mark[]} marks
 * @param {readonly OwnMark[]} ownMarks
 * @param {readonly Measurement[]} measurements
 * @returns {JudgedMark[]}
 */
export function judge(marks, ownMarks, measurements) {
  /** @type {JudgedMark[]} */
  const judged = [];
  for (const mark of marks) {
    const side = mark.of ?? OUR_SIDE;
    const ours = medianOf(measurements, mark.case, side, mark.figure);
    const theirs = mark.against
      .map((peer) => ({ side: peer, value: medianOf(measurements, mark.case, peer, mark.figure) }))
      .filter((one) => one.value !== undefined)
      .sort((a, b) => Number(a.value) - Number(b.value))[0];
    if (ours === undefined || theirs?.value === undefined) continue;
    const value = theirs.value / ours;
    const figure = FIGURE_NAMES.get(mark.figure) ?? mark.figure;
    judged.push({
      label: [mark.case, figure, variantOf(side)].filter((part) => part !== '').join(', '),
      case: mark.case,
      figure: mark.figure,
      side,
      peer: theirs.side,
      value,
      wanted: mark.ratio,
      sense: 'at least',
      unit: 'x',
      isReached: value >= mark.ratio,
    });
  }
  for (const ownMark of ownMarks) {
    const { value, wanted, sense } = ownMark;
    const isReached = sense === 'at least' ? value >= wanted : value <= wanted;
    judged.push({ ...ownMark, case: '', figure: '', side: OUR_SIDE, peer: '', isReached });
  }
  return judged;
}
