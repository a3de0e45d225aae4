/** The picture of README.md: how many times faster, beside what is wanted, on a logarithmic axis. */
import { escapeXml, FAINT, INK, lineBetween, svgFile, textAt } from './svg.mjs';

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {string} peer
 * @property {number} value
 * @property {number} wanted
 */

const WIDTH = 960;
const LEFT = 445;
const RIGHT = 110;
const TOP = 84;
const ROW = 26;
const REACHED = '#2a7f62';
const SHORT = '#c8553d';

/** @param {number} value */
const shown = (value) =>
  `${value >= 99.95 ? Math.round(value).toLocaleString('en-US') : Number(value.toPrecision(3))}x`;

/**
 * @param {number} from
 * @param {number} to
 * @returns {number[]} The powers of ten from one to the other.
 */
function powersOfTen(from, to) {
  const powers = [];
  for (let power = from; power <= to * 1.0001; power *= 10) powers.push(power);
  return powers;
}

/**
 * A bar chart as the text of an SVG file. A bar is as long as the ratio, the notch is what is wanted.
 *
 * @param {readonly Bar[]} bars From top to bottom.
 * @param {string} caption Under the title: machine and versions.
 */
export function ratioChart(bars, caption) {
  const least = Math.min(1, ...bars.map(({ value }) => value));
  const most = Math.max(10, ...bars.flatMap(({ value, wanted }) => [value, wanted])) * 1.3;
  const from = least < 1 ? least / 1.2 : 1;
  const plot = WIDTH - LEFT - RIGHT;
  const xOf = (/** @type {number} */ value) => LEFT + (plot * Math.log(value / from)) / Math.log(most / from);
  const bottom = TOP + bars.length * ROW;
  const lines = powersOfTen(10 ** Math.ceil(Math.log10(from) - 1e-9), most).map((power) =>
    [
      lineBetween([xOf(power), TOP - 6], [xOf(power), bottom], `stroke="${power === 1 ? INK : FAINT}"`),
      textAt(xOf(power), bottom + 18, `${power.toLocaleString('en-US')}x`, 'text-anchor="middle" class="small"'),
    ].join(''),
  );
  const rows = bars.map(({ label, peer, value, wanted }, i) => {
    const y = TOP + i * ROW;
    const [start, end] = [xOf(1), xOf(value)];
    const color = value >= wanted ? REACHED : SHORT;
    const notch = xOf(wanted);
    return [
      textAt(LEFT - 14, y + 16, label, 'text-anchor="end"').replace(
        '</text>',
        `<tspan dx="5" class="small">vs ${escapeXml(peer)}</tspan></text>`,
      ),
      `<rect x="${Math.min(start, end).toFixed(1)}" y="${y + 4}" width="${Math.max(1, Math.abs(end - start)).toFixed(1)}" height="${ROW - 10}" rx="2" fill="${color}"/>`,
      lineBetween([notch, y + 1], [notch, y + ROW - 3], `stroke="${INK}" stroke-width="3"`),
      textAt(Math.max(end, notch) + 8, y + 16, shown(value), `class="value" fill="${color}"`).replace(
        '</text>',
        `<tspan dx="6" class="small">of ${shown(wanted)}</tspan></text>`,
      ),
    ].join('');
  });
  return svgFile(WIDTH, bottom + 34, [
    textAt(20, 28, 'How many times better embedbag is than its Python peers', 'font-size="17" font-weight="600"'),
    textAt(20, 47, caption, 'class="small"'),
    textAt(
      20,
      64,
      'Bar: measured ratio of medians, green where the mark is reached. Black notch: the mark. Logarithmic axis.',
      'class="small"',
    ),
    ...lines,
    ...rows,
  ]);
}
