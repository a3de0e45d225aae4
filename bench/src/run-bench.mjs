import { helpText, readCommandLine } from './command-line.mjs';
import { ENTRIES } from './entries.mjs';
import { describeMachine } from './machine.mjs';
import { preparePeers } from './peers.mjs';
import { writeReport } from './report.mjs';
import { readResults, resultOf, saveResult } from './results.mjs';
import { alignedTable, HEADER, rowsOf } from './results-table.mjs';
import { runEntry } from './run-entry.mjs';

/** @typedef {import('./results.mjs').EntryResult} EntryResult */

/**
 * Runs the entries that `argv` names and shows their figures; see `pnpm bench --help`.
 *
 * @param {readonly string[]} argv Without the program.
 * @param {() => Promise<void>} build Builds the packages; called when the arguments are known to be right.
 * @returns {Promise<number>} The exit code: 0 also when a mark is not reached.
 */
export async function runBench(argv, build) {
  const known = ENTRIES.map(({ name }) => name);
  const options = readCommandLine(argv, known);
  if (options.isHelp) {
    process.stdout.write(helpText(ENTRIES));
    return 0;
  }
  const begunAt = performance.now();
  await build();
  const peers = options.withPeers ? await preparePeers() : undefined;
  const command = ['pnpm bench', ...argv].join(' ');
  const versions = { node: process.versions.node, ...peers?.versions };
  const circumstances = { command, scale: options.scale, machine: describeMachine(), versions };
  const isPublished = peers !== undefined && options.scale !== 'check';
  /** @type {EntryResult[]} */
  const results = [];
  for (const entry of ENTRIES.filter(({ name }) => options.names.includes(name))) {
    process.stderr.write(`${entry.name}: ${entry.work}\n`);
    const { scale, rounds } = options;
    const startedAt = performance.now();
    const result = resultOf(entry, await runEntry(entry, { scale, rounds, python: peers?.python }), circumstances);
    process.stderr.write(`  done after ${secondsSince(startedAt)} s\n`);
    results.push(result);
    if (isPublished) saveResult(result);
    const notes = result.notes.map((note) => `  ${note}\n`);
    process.stdout.write(`${[alignedTable([HEADER, ...rowsOf(result)]), ...notes].join('')}\n`);
  }
  if (isPublished) writeReport(readResults(known));
  showSummary(results, circumstances);
  process.stdout.write(`${secondsSince(begunAt)} s in all\n`);
  return 0;
}

/** Whole seconds. @param {number} startedAt */
const secondsSince = (startedAt) => Math.round((performance.now() - startedAt) / 1000);

/**
 * @param {readonly EntryResult[]} results
 * @param {Pick<EntryResult, 'machine' | 'versions' | 'command'>} circumstances
 */
function showSummary(results, { machine, versions, command }) {
  const marks = results.flatMap((result) => result.marks);
  const reached = marks.filter(({ isReached }) => isReached).length;
  const agreements = results.flatMap((result) => result.agreements);
  const machineText = `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`;
  const versionText = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  process.stdout.write(`${machineText}; ${versionText.join(', ')}; ${command}\n`);
  for (const { case: name, peer, name: array, length, largestDifference } of agreements) {
    process.stdout.write(`same ${array} as ${peer} in ${name}: ${length} values, at most ${largestDifference} apart\n`);
  }
  process.stdout.write(`${reached} of ${marks.length} marks reached\n`);
}
