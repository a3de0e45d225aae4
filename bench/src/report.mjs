/** Writes the table and the picture of README.md from the saved results. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { curveChart } from './curve-chart.mjs';
import { benchFolder } from './folders.mjs';
import { ratioChart } from './ratio-chart.mjs';
import { HEADER, markdownTable, ownMarkRowsOf, rowsOf } from './results-table.mjs';

/** @typedef {import('./results.mjs').EntryResult} EntryResult */

const BEGIN = '<!-- results: written by `pnpm bench` -->';
const END = '<!-- end of results -->';

/** The machine and the versions of some results, each once. @param {readonly EntryResult[]} results */
function circumstancesOf(results) {
  /** @type {Map<string, Set<string>>} */
  const versions = new Map();
  for (const result of results) {
    for (const [name, version] of Object.entries(result.versions)) {
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
    }
  }
  const machines = new Set(
    results.map(
      ({ machine }) => `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`,
    ),
  );
  return {
    machines: [...machines].join('; '),
    versions: [...versions].map(([name, all]) => `${name} ${[...all].join(' and ')}`).join(', '),
  };
}

/** @param {number} major @param {readonly EntryResult[]} results */
function sectionFor(major, results) {
  const { machines, versions } = circumstancesOf(results);
  const commands = [...new Set(results.map(({ command, date, scale }) => `\`${command}\` (${scale}, ${date})`))];
  const rows = results.flatMap((result) => (result.curve === undefined ? rowsOf(result) : ownMarkRowsOf(result)));
  const curves = results.flatMap(({ entry, curve }) =>
    curve === undefined ? [] : [`![${curve.title}](results/${entry}.node-${major}.svg)\n\n`],
  );
  const notes = results.flatMap(({ entry, notes: all }) => all.map((note) => `- ${entry}: ${note}\n`));
  return [
    `### Node ${major}\n\n`,
    `![Ratios beside their marks](results/ratios.node-${major}.svg)\n\n`,
    `${machines}; ${versions}; ${commands.join(', ')}.\n\n`,
    markdownTable([HEADER, ...rows]),
    notes.length === 0 ? '' : '\n',
    ...notes,
    curves.length === 0 ? '' : '\n',
    curves.join('').trimEnd(),
    curves.length === 0 ? '' : '\n',
  ].join('');
}

/** Machine and first versions, for under a title. @param {readonly EntryResult[]} results */
function captionOf(results) {
  const { machines, versions } = circumstancesOf(results);
  return `${machines}; ${versions.split(', ').slice(0, 3).join(', ')}`;
}

/** @param {readonly EntryResult[]} results */
function chartOf(results) {
  const bars = results.flatMap((result) =>
    result.marks
      .filter(({ peer }) => peer !== '')
      .map(({ label, peer, value, wanted }) => ({
        label: result.entry === label ? label : `${result.entry}: ${label}`,
        peer,
        value,
        wanted,
      })),
  );
  return ratioChart(bars, captionOf(results));
}

/**
 * Puts the sections between the two markers of README.md, and the pictures beside the results.
 *
 * @param {ReadonlyMap<number, readonly EntryResult[]>} resultsByMajor
 */
export function writeReport(resultsByMajor) {
  const readme = path.join(benchFolder, 'README.md');
  const text = readFileSync(readme, 'utf8');
  const before = text.slice(0, text.indexOf(BEGIN) + BEGIN.length);
  const after = text.slice(text.indexOf(END));
  const sections = [...resultsByMajor].map(([major, results]) => sectionFor(major, results));
  writeFileSync(readme, `${before}\n\n${sections.join('\n')}\n${after}`);
  for (const [major, results] of resultsByMajor) {
    const write = (/** @type {string} */ name, /** @type {string} */ svg) =>
      writeFileSync(path.join(benchFolder, 'results', `${name}.node-${major}.svg`), svg);
    write('ratios', chartOf(results));
    for (const result of results) {
      if (result.curve !== undefined) write(result.entry, curveChart(result.curve, captionOf([result])));
    }
  }
}
