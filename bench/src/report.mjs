/** Writes the table and the picture of README.md from the saved results. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { benchFolder } from './folders.mjs';
import { ratioChart } from './ratio-chart.mjs';
import { HEADER, markdownTable, rowsOf } from './results-table.mjs';

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
  const notes = results.flatMap(({ entry, notes: all }) => all.map((note) => `- ${entry}: ${note}\n`));
  return [
    `### Node ${major}\n\n`,
    `![Ratios beside their marks](results/ratios.node-${major}.svg)\n\n`,
    `${machines}; ${versions}; ${commands.join(', ')}.\n\n`,
    markdownTable([HEADER, ...results.flatMap(rowsOf)]),
    notes.length === 0 ? '' : '\n',
    ...notes,
  ].join('');
}

/** @param {readonly EntryResult[]} results */
function chartOf(results) {
  const { machines, versions } = circumstancesOf(results);
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
  return ratioChart(bars, `${machines}; ${versions.split(', ').slice(0, 3).join(', ')}`);
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
    writeFileSync(path.join(benchFolder, 'results', `ratios.node-${major}.svg`), chartOf(results));
  }
}
