import { type CurveAxis, type CurveSeries, linearAxis, lossAxis, thinned } from './curve-axis.js';

/** What {@link trainingCurve} draws. */
export interface TrainingCurveInput {
  /** Steps of the whole run, which the axis spans. */
  readonly steps: number;
  /** The training loss, and the loss on held-out data. */
  readonly losses: readonly CurveSeries[];
  /** Scores: one line each. */
  readonly scores: readonly CurveSeries[];
}

const WIDTH = 800;
const PANEL_HEIGHT = 220;
const LEFT = 64;
const RIGHT = 24;
const TOP = 44;
const GAP = 64;
const BOTTOM = 44;
const MOST_POINTS = 400;
const MOST_SERIES = 6;
/** Told from each other also by those who see fewer colours; after Okabe and Ito. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const place = (value: number): string => value.toFixed(1);
const label = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 6 });

interface Panel {
  readonly title: string;
  readonly top: number;
  readonly steps: CurveAxis;
  readonly values: CurveAxis;
  readonly series: readonly CurveSeries[];
}

const x = (panel: Panel, step: number): string => place(LEFT + panel.steps.position(step) * (WIDTH - LEFT - RIGHT));
const y = (panel: Panel, value: number): string => place(panel.top + PANEL_HEIGHT * (1 - panel.values.position(value)));

function grid(panel: Panel): string[] {
  const bottom = panel.top + PANEL_HEIGHT;
  const rows = panel.values.ticks.flatMap((tick) => {
    const at = y(panel, tick);
    return [
      `<line x1="${LEFT}" y1="${at}" x2="${WIDTH - RIGHT}" y2="${at}" stroke="#dddddd"/>`,
      `<text x="${LEFT - 8}" y="${place(Number(at) + 4)}" text-anchor="end">${label(tick)}</text>`,
    ];
  });
  const columns = panel.steps.ticks.map(
    (tick) => `<text x="${x(panel, tick)}" y="${bottom + 18}" text-anchor="middle">${label(tick)}</text>`,
  );
  const axis = `<line x1="${LEFT}" y1="${bottom}" x2="${WIDTH - RIGHT}" y2="${bottom}" stroke="#888888"/>`;
  return [...rows, axis, ...columns];
}

function lines(panel: Panel): string[] {
  return panel.series.flatMap((series, index) => {
    const colour = COLOURS[index]!;
    const points = thinned(series.points, MOST_POINTS);
    const path = points.map(([step, value]) => `${x(panel, step)},${y(panel, value)}`).join(' ');
    const dots = points.map(
      ([step, value]) => `<circle cx="${x(panel, step)}" cy="${y(panel, value)}" r="3" fill="${colour}"/>`,
    );
    const line = `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
    // Few points are told apart by dots; one alone is seen by its dot only.
    return points.length <= 40 ? [line, ...dots] : [line];
  });
}

/** The title and, below it, the names of the lines in their colours, as far as there is room. */
function legend(panel: Panel): string[] {
  const title = `<text x="${LEFT}" y="${panel.top - 26}" font-weight="bold">${escaped(panel.title)}</text>`;
  const width = Math.floor((WIDTH - LEFT - RIGHT) / panel.series.length);
  const names = panel.series.map(({ name }, index) => {
    const left = LEFT + index * width;
    const most = Math.floor((width - 24) / 6.5);
    const text = name.length <= most ? name : `${name.slice(0, Math.max(1, most - 1))}…`;
    return (
      `<line x1="${left}" y1="${panel.top - 12}" x2="${left + 14}" y2="${panel.top - 12}" stroke="${COLOURS[index]}" stroke-width="3"/>` +
      `<text x="${left + 18}" y="${panel.top - 8}">${escaped(text)}</text>`
    );
  });
  return [title, ...names];
}

function panelOf(
  title: string,
  all: readonly CurveSeries[],
  top: number,
  steps: CurveAxis,
  axisOf: typeof linearAxis,
): Panel {
  const series = all.slice(0, MOST_SERIES);
  const values = series.flatMap(({ points }) => thinned(points, MOST_POINTS).map(([, value]) => value));
  const axis = axisOf(Math.min(...values), Math.max(...values));
  return { title: axis.isLogarithmic ? `${title}, logarithmic` : title, top, steps, values: axis, series };
}

const isDrawable = ({ points }: CurveSeries): boolean => points.length > 0;

/** Draws losses and, below them, scores by step as SVG; undefined where there is no point to draw. */
export function trainingCurve({ steps, losses, scores }: TrainingCurveInput): string | undefined {
  const finite = (all: readonly CurveSeries[]): CurveSeries[] =>
    all
      .map(({ name, points }) => ({ name, points: points.filter(([, value]) => Number.isFinite(value)) }))
      .filter(isDrawable);
  const [lossSeries, scoreSeries] = [finite(losses), finite(scores)];
  if (lossSeries.length + scoreSeries.length === 0) return undefined;
  const axis = linearAxis(0, Math.max(1, steps));
  const panels: Panel[] = [];
  const top = (): number => TOP + panels.length * (PANEL_HEIGHT + GAP);
  if (lossSeries.length > 0) panels.push(panelOf('Loss', lossSeries, top(), axis, lossAxis));
  if (scoreSeries.length > 0) panels.push(panelOf('Scores', scoreSeries, top(), axis, linearAxis));
  const height = top() - GAP + BOTTOM;
  const below = `<text x="${place((WIDTH + LEFT - RIGHT) / 2)}" y="${height - 8}" text-anchor="middle">step</text>`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="#333333">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...panels.flatMap((panel) => [...legend(panel), ...grid(panel), ...lines(panel)]),
    below,
    '</svg>',
  ].join('\n')}\n`;
}
