/** The figures of a run as files: one an entry and a major version of Node. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resultsFolder } from './folders.mjs';
import { judge } from './marks.mjs';
import { spread } from './statistics.mjs';

/**
 * @typedef {object} EntryResult
 * @property {string} entry
 * @property {string} work
 * @property {string} command
 * @property {string} date Day of the run.
 * @property {import('./command-line.mjs').Scale} scale
 * @property {import('./machine.mjs').Machine} machine
 * @property {Readonly<Record<string, string>>} versions Of Node and of the peers.
 * @property {import('./entry.mjs').Entry['unit']} unit
 * @property {readonly SideResult[]} sides
 * @property {readonly import('./marks.mjs').JudgedMark[]} marks
 * @property {readonly import('./run-entry.mjs').Agreement[]} agreements
 * @property {readonly string[]} notes
 * @property {import('./curve.mjs').Curve} [curve]
 */

/**
 * @typedef {object} SideResult
 * @property {string} case
 * @property {string} side
 * @property {string} [note]
 * @property {number} count Units of work a round.
 * @property {number} rounds
 * @property {Readonly<Record<string, import('./statistics.mjs').Spread>>} figures
 */

/**
 * @param {import('./entry.mjs').Entry} entry
 * @param {Awaited<ReturnType<typeof import('./run-entry.mjs').runEntry>>} run
 * @param {Pick<EntryResult, 'command' | 'scale' | 'machine' | 'versions'>} circumstances
 * @returns {EntryResult}
 */
export function resultOf(entry, { cases, measurements, agreements }, circumstances) {
  const packages = new Set(['node', 'python', ...entry.sides.flatMap((side) => side.packages ?? [])]);
  const versions = Object.fromEntries(Object.entries(circumstances.versions).filter(([name]) => packages.has(name)));
  const { command, scale, machine } = circumstances;
  return {
    entry: entry.name,
    work: entry.work,
    command,
    date: new Date().toISOString().slice(0, 10),
    scale,
    machine,
    versions,
    unit: entry.unit,
    sides: measurements.map(({ figures, ...rest }) => ({
      ...rest,
      rounds: figures.time?.length ?? 0,
      figures: Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, spread(values)])),
    })),
    marks: judge(entry.marks, entry.ownMarks?.(measurements, cases) ?? [], measurements),
    agreements,
    notes: [...(entry.remarks?.(measurements, cases) ?? []), ...(entry.notes ?? [])],
    ...(entry.curve !== undefined && { curve: entry.curve(measurements, cases) }),
  };
}

const nodeMajor = (/** @type {EntryResult} */ result) => Number(result.versions.node?.split('.')[0]);

/** @param {EntryResult} result */
export function saveResult(result) {
  mkdirSync(resultsFolder, { recursive: true });
  const file = path.join(resultsFolder, `${result.entry}.node-${nodeMajor(result)}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

/**
 * All saved results by major version of Node, ascending; each list in the order of `names`.
 *
 * @param {readonly string[]} names
 * @returns {Map<number, EntryResult[]>}
 */
export function readResults(names) {
  const files = existsSync(resultsFolder) ? readdirSync(resultsFolder).filter((file) => file.endsWith('.json')) : [];
  /** @type {EntryResult[]} */
  const results = files.map((file) => JSON.parse(readFileSync(path.join(resultsFolder, file), 'utf8')));
  const majors = [...new Set(results.map(nodeMajor))].sort((a, b) => a - b);
  return new Map(
    majors.map((major) => [
      major,
      results
        .filter((result) => nodeMajor(result) === major && names.includes(result.entry))
        .sort((a, b) => names.indexOf(a.entry) - names.indexOf(b.entry)),
    ]),
  );
}
