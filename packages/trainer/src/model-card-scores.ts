import { markdownTable } from './markdown-table.js';
import type { ScoreGroup } from './score-groups.js';
import type { EvaluationRecord } from './train-options.js';

/** More figures than this at one evaluator are shown as a table of datasets with the main figure alone. */
const MOST_FIGURES = 40;

const shown = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(4));

function dimsOf(groups: readonly ScoreGroup[]): number[] {
  const dims = new Set(groups.flatMap(({ figures }) => [...figures.values()].flatMap((byDim) => [...byDim.keys()])));
  return [...dims].filter((dim) => dim !== undefined).sort((a, b) => b - a);
}

/** A row for each figure, a column for each dim, or one for the value. */
function figuresTable(group: ScoreGroup, dims: readonly number[], primary: string): string {
  const head = dims.length === 0 ? ['value'] : dims.map((dim) => `${dim} dims`);
  const rows = [...group.figures].map(([figure, byDim]) => {
    const key = group.name === '' ? figure : `${group.name}_${figure}`;
    const values = dims.length === 0 ? [shown(byDim.get(undefined))] : dims.map((dim) => shown(byDim.get(dim)));
    return [key === primary ? `**${figure}**` : figure, ...values];
  });
  return markdownTable(['metric', ...head], rows);
}

/** A row for each dataset with the figure `main`. */
function datasetsTable(groups: readonly ScoreGroup[], dims: readonly number[], main: string): string {
  const head = dims.length === 0 ? [main] : dims.map((dim) => `${dim} dims`);
  const rows = groups.flatMap(({ name, figures }) => {
    const byDim = figures.get(main);
    if (byDim === undefined) return [];
    return [[name, ...(dims.length === 0 ? [shown(byDim.get(undefined))] : dims.map((dim) => shown(byDim.get(dim))))]];
  });
  return markdownTable(['dataset', ...head], rows);
}

/** The tables of one evaluation: by figure, and by dataset where it has several; a column for each dim. */
export function scoreTables({ name, step, result }: EvaluationRecord, groups: readonly ScoreGroup[]): string {
  const { primaryMetric } = result;
  const dims = dimsOf(groups);
  const fullKey = ({ name: prefix }: ScoreGroup, figure: string): string =>
    prefix === '' ? figure : `${prefix}_${figure}`;
  const primary = groups.find((group) =>
    [...group.figures.keys()].some((figure) => fullKey(group, figure) === primaryMetric),
  );
  const main = primary && [...primary.figures.keys()].find((figure) => fullKey(primary, figure) === primaryMetric);
  const parts = [`### ${name}, at step ${step}`];
  if (groups.length > 1 && primary !== undefined && main !== undefined) {
    if (dims.length > 0) parts.push(`\`${main}\` by dataset:`);
    parts.push(datasetsTable(groups, dims, main));
  }
  const count = groups.reduce((sum, { figures }) => sum + figures.size, 0);
  for (const group of count > MOST_FIGURES && primary !== undefined ? [primary] : groups) {
    if (groups.length > 1) parts.push(`\`${group.name}\`:`);
    parts.push(figuresTable(group, dims, primaryMetric));
  }
  return parts.join('\n\n');
}
