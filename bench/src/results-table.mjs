/** Results as rows of text, for the terminal and for README.md. */
import { OUR_SIDE, variantOf } from './marks.mjs';

/** @typedef {import('./results.mjs').EntryResult} EntryResult */
/** @typedef {import('./results.mjs').SideResult} SideResult */
/** @typedef {import('./marks.mjs').JudgedMark} JudgedMark */

/**
 * A number with three digits, and with a suffix where it is large.
 *
 * @param {number} value
 */
export function shortNumber(value) {
  const size = Math.abs(value);
  if (size >= 999_500_000) return `${(value / 1e9).toPrecision(3)} G`;
  if (size >= 999_500) return `${(value / 1e6).toPrecision(3)} M`;
  if (size >= 99_950) return `${(value / 1e3).toFixed(0)} k`;
  if (size >= 999.5) return `${(value / 1e3).toPrecision(3)} k`;
  return size === 0 ? '0' : value.toPrecision(3);
}

/** @param {number} seconds */
export function shortTime(seconds) {
  if (seconds < 999.5e-9) return `${(seconds * 1e9).toPrecision(3)} ns`;
  if (seconds < 999.5e-6) return `${(seconds * 1e6).toPrecision(3)} us`;
  if (seconds < 0.9995) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${seconds >= 99.95 ? seconds.toFixed(0) : seconds.toPrecision(3)} s`;
}

/** @param {number} bytes */
export function shortBytes(bytes) {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

/** Percentiles, and the least time that is possible. */
const TIME_FIGURE = /^(p\d+|limit)$/;

/**
 * The median and the spread of the time, or of the units a second.
 *
 * @param {SideResult} side
 * @param {EntryResult['unit']} unit
 */
function speedOf(side, unit) {
  const time = side.figures.time;
  if (time === undefined) return '-';
  if (!unit.perSecond) return `${shortTime(time.median)} (${shortTime(time.min)} to ${shortTime(time.max)})`;
  const { median, min, max } = time;
  const name = unit.name.length === 1 ? unit.name : ` ${unit.name}`;
  return `${shortNumber(1 / median)}${name}/s (${shortNumber(1 / max)} to ${shortNumber(1 / min)})`;
}

/** A figure beside the time, as its name says what it is. @param {string} name @param {number} value */
function namedFigure(name, value) {
  if (name.endsWith('Bytes')) return `${name.slice(0, -'Bytes'.length)} ${shortBytes(value)}`;
  return `${name} ${TIME_FIGURE.test(name) ? shortTime(value) : shortNumber(value)}`;
}

/** Figures beside time and memory; those of parts are for a remark. @param {SideResult} side */
function furtherFigures(side) {
  return Object.entries(side.figures)
    .filter(([name]) => name !== 'time' && name !== 'peakBytes' && !name.startsWith('part:'))
    .map(([name, { median }]) => namedFigure(name, median));
}

/**
 * Whether a mark is reached, and by how much it is not.
 *
 * @param {JudgedMark} mark
 */
function verdictOf({ value, wanted, sense, unit, isReached }) {
  const mark = `${sense === 'at least' ? '' : 'at most '}${shortNumber(wanted)}${unit}`;
  return isReached
    ? `${mark} reached`
    : `${mark} short by ${shortNumber(sense === 'at least' ? wanted / value : value / wanted)}x`;
}

/**
 * The marks that stand in a peer's row: those of its case it is the best peer in.
 *
 * @param {EntryResult} result
 * @param {SideResult} side
 */
function verdictsOf(result, side) {
  return result.marks
    .filter((mark) => mark.peer === side.side && mark.case === side.case)
    .map((mark) => {
      const variant = variantOf(mark.side);
      if (mark.figure === 'time' && variant === '') return verdictOf(mark);
      const name = mark.figure === 'peakBytes' ? 'memory' : mark.figure === 'time' ? '' : mark.figure;
      const figure = [variant, name].filter((part) => part !== '').join(' ');
      return `${figure} ${shortNumber(mark.value)}x, ${verdictOf(mark)}`;
    });
}

/** The columns of the table. */
export const HEADER = ['entry', 'case', 'side', 'median (spread)', 'memory', 'ratio', 'marks'];

/** The entry, and its scale where that is not the default. @param {EntryResult} result */
const entryOf = ({ entry, scale }) => (scale === 'full' ? `${entry} (full)` : entry);

/**
 * A row a mark without a peer.
 *
 * @param {EntryResult} result
 * @returns {string[][]}
 */
export function ownMarkRowsOf(result) {
  return result.marks
    .filter(({ peer }) => peer === '')
    .map((mark) => {
      const value = `${shortNumber(mark.value)}${mark.unit}`;
      return [entryOf(result), mark.label, OUR_SIDE, value, '', '', verdictOf(mark)];
    });
}

/**
 * A row a case and side, then one a mark without a peer.
 *
 * @param {EntryResult} result
 * @returns {string[][]}
 */
export function rowsOf(result) {
  const rows = result.sides.map((side) => {
    const ours = result.sides.find((one) => one.case === side.case && one.side === OUR_SIDE);
    const [ourTime, theirTime] = [ours, side].map((one) => one?.figures.time?.median);
    const isPeer = side.side !== OUR_SIDE;
    const ratio = isPeer && ourTime !== undefined && theirTime !== undefined ? theirTime / ourTime : undefined;
    return [
      entryOf(result),
      side.case,
      side.note === undefined ? side.side : `${side.side} (${side.note})`,
      [speedOf(side, result.unit), ...furtherFigures(side)].join('; '),
      shortBytes(side.figures.peakBytes?.median ?? 0),
      ratio === undefined ? '' : `${shortNumber(ratio)}x`,
      isPeer ? verdictsOf(result, side).join('; ') : '',
    ];
  });
  return [...rows, ...ownMarkRowsOf(result)];
}

/**
 * @param {readonly (readonly string[])[]} rows The first one is the header.
 */
export function alignedTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/**
 * @param {readonly (readonly string[])[]} rows The first one is the header.
 */
export function markdownTable(rows) {
  const line = (/** @type {readonly string[]} */ row) => `| ${row.join(' | ')} |\n`;
  const [header = [], ...rest] = rows;
  return [line(header), `|${header.map(() => '---|').join('')}\n`, ...rest.map(line)].join('');
}
