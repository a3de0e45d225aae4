/** The pictures of curves: one panel beside the other, a line a side. */
import { shortBytes, shortTime } from './results-table.mjs';
import { escapeXml, FAINT, INK, lineBetween, SOFT_INK, svgFile, textAt } from './svg.mjs';

/** @typedef {import('./curve.mjs').Curve} Curve */
/** @typedef {import('./curve.mjs').Panel} Panel */
/** @typedef {import('./curve.mjs').Series} Series */

/**
 * @typedef {object} Axis
 * @property {(value: number) => number} place Pixels from the axis' begin.
 * @property {readonly number[]} ticks
 */

const PANEL = { width: 480, left: 74, right: 24, top: 112, height: 240 };
const PLOT_WIDTH = PANEL.width - PANEL.left - PANEL.right;
const HEIGHT = PANEL.top + PANEL.height + 56;
/** Ours, then the peers. */
const COLORS = ['#2a7f62', '#c8553d', '#3f6fb5', '#8a6d3b'];
/** Labels of x that are closer than so many pixels are left out. */
const LABEL_WIDTH = 44;
const LEGEND_LETTER = 6.2;

/** A value on an axis, without zeros that say nothing. @param {string} text */
const brief = (text) => text.replace(/(\.\d*?)0+(?= )/, '$1').replace(/\.(?= )/, '');

/** @type {Readonly<Record<Panel['unit'], (value: number) => string>>} */
const LABELS = {
  time: (seconds) => (seconds === 0 ? '0' : brief(shortTime(seconds))),
  bytes: (bytes) => (bytes === 0 ? '0' : brief(shortBytes(bytes))),
};

/**
 * @param {number} least
 * @param {number} most
 * @param {number} length In pixels.
 * @returns {Axis}
 */
function logarithmicAxis(least, most, length) {
  const [from, to] = [Math.log10(least) - 0.06, Math.log10(most) + 0.06];
  const ticks = [];
  for (let power = Math.floor(from); power <= to; power++) {
    const digits = to - from > 2.2 ? [1] : [1, 2, 5];
    ticks.push(...digits.map((digit) => digit * 10 ** power).filter((tick) => tick >= 10 ** from && tick <= 10 ** to));
  }
  return { place: (value) => ((Math.log10(value) - from) / (to - from)) * length, ticks };
}

/**
 * @param {number} most
 * @param {number} length In pixels.
 * @param {Panel['unit'] | 'count'} unit
 * @returns {Axis}
 */
function linearAxis(most, length, unit) {
  const end = most * 1.08;
  const step =
    unit === 'bytes'
      ? 2 ** Math.ceil(Math.log2(end / 5))
      : ([1, 2, 5, 10].find((digit) => (digit * 10 ** Math.floor(Math.log10(end / 5))) / (end / 5) >= 1) ?? 10) *
        10 ** Math.floor(Math.log10(end / 5));
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
  return { place: (value) => (value / end) * length, ticks };
}

/** @param {Panel} panel @returns {{ x: Axis, y: Axis }} */
function axesOf({ series, scale, unit }) {
  const [xs, ys] = [0, 1].map((i) => series.flatMap(({ points }) => points.map((point) => Number(point[i]))));
  if (xs === undefined || ys === undefined) throw new Error('Expected two axes.');
  if (scale === 'linear') {
    const xTicks = linearAxis(Math.max(...xs), PLOT_WIDTH, 'count');
    return { x: xTicks, y: linearAxis(Math.max(...ys), PANEL.height, unit) };
  }
  const x = logarithmicAxis(Math.min(...xs), Math.max(...xs), PLOT_WIDTH);
  // Sizes are few, so each of them has its mark.
  const sizes = [...new Set(xs)].sort((a, b) => b - a);
  return { x: { ...x, ticks: sizes }, y: logarithmicAxis(Math.min(...ys), Math.max(...ys), PANEL.height) };
}

/**
 * @param {Axis} axis
 * @returns {number[]} The ticks whose labels do not touch; the first ones stay.
 */
function labelled({ ticks, place }) {
  /** @type {number[]} */
  const kept = [];
  for (const tick of ticks) {
    if (kept.every((other) => Math.abs(place(other) - place(tick)) >= LABEL_WIDTH)) kept.push(tick);
  }
  return kept;
}

/** @param {Series} series @param {number} i */
const styleOf = ({ isExpected = false }, i) =>
  isExpected
    ? `stroke="${SOFT_INK}" stroke-width="1.5" stroke-dasharray="5 4"`
    : `stroke="${COLORS[i % COLORS.length]}" stroke-width="2.5"`;

/**
 * The names of the lines, one after the other, in as many rows as they need.
 *
 * @param {readonly Series[]} series
 * @param {number} left
 */
function legendOf(series, left) {
  let [x, y] = [left, PANEL.top - 34];
  return series.map((one, i) => {
    const width = 45 + one.name.length * LEGEND_LETTER;
    if (x > left && x + width > left + PLOT_WIDTH + PANEL.right) [x, y] = [left, y + 16];
    const entry = [
      lineBetween([x, y - 4], [x + 20, y - 4], styleOf(one, i)),
      textAt(x + 25, y, one.name, 'class="small"'),
    ].join('');
    x += width;
    return entry;
  });
}

/**
 * @param {Panel} panel
 * @param {string} axis
 * @param {number} offset Pixels from the left.
 */
function drawPanel(panel, axis, offset) {
  const { x, y } = axesOf(panel);
  const [left, bottom] = [offset + PANEL.left, PANEL.top + PANEL.height];
  const at = (/** @type {import('./curve.mjs').Point} */ [size, value]) =>
    /** @type {const} */ ([left + x.place(size), bottom - y.place(value)]);
  const rules = y.ticks.map((tick) => {
    const height = bottom - y.place(tick);
    const label = textAt(left - 8, height + 4, LABELS[panel.unit](tick), 'text-anchor="end" class="small"');
    return lineBetween([left, height], [left + PLOT_WIDTH, height], `stroke="${FAINT}"`) + label;
  });
  const labels = labelled(x).map((tick) =>
    textAt(left + x.place(tick), bottom + 18, tick.toLocaleString('en-US'), 'text-anchor="middle" class="small"'),
  );
  const lines = panel.series.map((series, i) => {
    const places = series.points.map(at);
    const path = places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
    const dots = series.isExpected
      ? []
      : places.map(
          ([px, py]) =>
            `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3.5" fill="${COLORS[i % COLORS.length]}"/>`,
        );
    return `<g><title>${escapeXml(series.name)}</title><polyline points="${path}" fill="none" ${styleOf(series, i)}/>${dots.join('')}</g>`;
  });
  return [
    textAt(left, PANEL.top - 52, panel.title, 'font-weight="600"'),
    ...legendOf(panel.series, left),
    ...rules,
    lineBetween([left, bottom], [left + PLOT_WIDTH, bottom], `stroke="${INK}"`),
    ...labels,
    textAt(left + PLOT_WIDTH / 2, bottom + 38, axis, 'text-anchor="middle" class="small"'),
    // What is expected lies below what was measured.
    ...lines.reverse(),
  ];
}

/**
 * The curves of an entry as the text of an SVG file.
 *
 * @param {Curve} curve
 * @param {string} caption Under the title: machine and versions.
 */
export function curveChart({ title, axis, panels }, caption) {
  return svgFile(PANEL.width * panels.length, HEIGHT, [
    textAt(20, 24, title, 'font-size="17" font-weight="600"'),
    textAt(20, 42, caption, 'class="small"'),
    ...panels.flatMap((panel, i) => drawPanel(panel, axis, i * PANEL.width)),
  ]);
}
