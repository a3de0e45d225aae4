/** A line of a panel: one score a dim. */
export interface ScoreLine {
  readonly name: string;
  readonly scores: readonly number[];
  /** Drawn stronger, such as a mean. */
  readonly isMain?: boolean;
}

/** One diagram of score against dim. */
export interface ScorePanel {
  /** What is measured, such as `cosine_ndcg@10`. */
  readonly metric: string;
  readonly lines: readonly ScoreLine[];
}

const WIDTH = 760;
const PLOT = { left: 64, right: 230, top: 44, height: 260, bottom: 56 } as const;
const PANEL_HEIGHT = PLOT.top + PLOT.height + PLOT.bottom;
const TITLE_HEIGHT = 36;
/** Colours that people with colour blindness tell apart: Okabe and Ito 2008. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#000000'] as const;
const LABEL_HEIGHT = 16;
const LONGEST_TITLE = 64;
const LONGEST_NAME = 20;

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The end of a text that is too long, where paths and names differ. */
function shortened(text: string, length: number): string {
  return text.length > length ? `…${text.slice(1 - length)}` : text;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Round numbers around all scores, at most six steps apart. */
function ticksFor(scores: readonly number[]): number[] {
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const span = Math.max(high - low, 0.01);
  const step = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((size) => span / size <= 5) ?? 0.5;
  const first = Math.floor(low / step - 1e-9);
  const last = Math.max(Math.ceil(high / step + 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(3)));
}

/** Places of labels from the top down, near where they should be but not on each other. */
function spreadLabels(wanted: readonly number[], lowest: number): number[] {
  const order = [...wanted.keys()].sort((a, b) => wanted[a]! - wanted[b]!);
  const places = new Array<number>(wanted.length).fill(0);
  let above = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    places[i] = Math.max(wanted[i]!, above + LABEL_HEIGHT);
    above = places[i]!;
  }
  let below = lowest + LABEL_HEIGHT;
  for (const i of order.reverse()) {
    places[i] = Math.min(places[i]!, below - LABEL_HEIGHT);
    below = places[i]!;
  }
  return places;
}

interface Scales {
  readonly x: (dim: number) => number;
  readonly y: (score: number) => number;
}

function axes(panel: ScorePanel, dims: readonly number[], ticks: readonly number[], { x, y }: Scales): string {
  const right = WIDTH - PLOT.right;
  const bottom = PLOT.top + PLOT.height;
  const digits = Math.max(...ticks.map((tick) => String(tick).split('.')[1]?.length ?? 0));
  const rows = ticks.map(
    (tick) =>
      `<line x1="${PLOT.left}" y1="${round(y(tick))}" x2="${right}" y2="${round(y(tick))}" stroke="#e3e3e3"/>` +
      `<text x="${PLOT.left - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${tick.toFixed(digits)}</text>`,
  );
  const columns = dims.map((dim) => `<text x="${round(x(dim))}" y="${bottom + 20}" text-anchor="middle">${dim}</text>`);
  return `<text x="${PLOT.left}" y="${PLOT.top - 16}" font-weight="600">${escapeXml(panel.metric)}</text>
${rows.join('\n')}
${columns.join('\n')}
<text x="${round((PLOT.left + right) / 2)}" y="${bottom + 42}" text-anchor="middle">dimensions kept</text>`;
}

function lineOf(
  { name, scores, isMain = false }: ScoreLine,
  colour: string,
  dims: readonly number[],
  scales: Scales,
  labelY: number,
): string {
  const points = dims.map((dim, i) => [round(scales.x(dim)), round(scales.y(scores[i]!))] as const);
  const end = points.reduce((best, point) => (point[0] > best[0] ? point : best));
  const marks = points.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="${isMain ? 4 : 3}" fill="${colour}"/>`);
  const labelX = WIDTH - PLOT.right + 26;
  const widest = dims.indexOf(Math.max(...dims));
  const label = `${shortened(name, LONGEST_NAME)} ${scores[widest]!.toFixed(3)}`;
  return `<polyline points="${points.map((point) => point.join(',')).join(' ')}" fill="none" stroke="${colour}" stroke-width="${isMain ? 3 : 1.8}"/>
${marks.join('')}
<line x1="${end[0] + 6}" y1="${end[1]}" x2="${labelX - 4}" y2="${round(labelY)}" stroke="${colour}" stroke-width="0.8" opacity="0.6"/>
<text x="${labelX}" y="${round(labelY + 4)}" fill="${colour}"${isMain ? ' font-weight="600"' : ''}>${escapeXml(label)}</text>`;
}

function drawPanel(panel: ScorePanel, dims: readonly number[]): string {
  const ticks = ticksFor(panel.lines.flatMap(({ scores }) => scores));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const [narrowest, widest] = [Math.log2(Math.min(...dims)), Math.log2(Math.max(...dims))];
  const scales: Scales = {
    x: (dim) =>
      PLOT.left + 16 + ((Math.log2(dim) - narrowest) / (widest - narrowest)) * (WIDTH - PLOT.left - PLOT.right - 32),
    y: (score) => PLOT.top + PLOT.height * (1 - (score - low) / (high - low)),
  };
  const widestAt = dims.indexOf(Math.max(...dims));
  const labels = spreadLabels(
    panel.lines.map(({ scores }) => scales.y(scores[widestAt]!)),
    PLOT.top + PLOT.height,
  );
  const lines = panel.lines.map((line, i) => lineOf(line, COLOURS[i % COLOURS.length]!, dims, scales, labels[i]!));
  // What matters most lies on top.
  const drawn = [...lines.keys()].sort(
    (a, b) => Number(panel.lines[a]!.isMain ?? 0) - Number(panel.lines[b]!.isMain ?? 0),
  );
  return `${axes(panel, dims, ticks, scales)}\n${drawn.map((i) => lines[i]).join('\n')}`;
}

/**
 * Diagrams of score against dim as one SVG picture, one below the other: dims on a logarithmic axis, a line a set with its
 * name and its score at the widest dim. It has its own white background and fonts of the system.
 *
 * @param panels At least one, each with at least one line of `dims.length` finite scores.
 * @param dims At least two different ones.
 */
export function scoreChart(
  panels: readonly ScorePanel[],
  { title, dims }: { readonly title: string; readonly dims: readonly number[] },
): string {
  const height = TITLE_HEIGHT + panels.length * PANEL_HEIGHT;
  const drawn = panels.map(
    (panel, i) => `<g transform="translate(0 ${TITLE_HEIGHT + i * PANEL_HEIGHT})">\n${drawPanel(panel, dims)}\n</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" fill="#333333">
<title>${escapeXml(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="${PLOT.left}" y="30" font-size="16" font-weight="600">${escapeXml(shortened(title, LONGEST_TITLE))}</text>
${drawn.join('\n')}
</svg>
`;
}
