import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compareOutputs } from './compare-outputs.mjs';
import { SideProcess } from './side-process.mjs';
import { openStartup } from './startup-side.mjs';

/** @typedef {import('./entry.mjs').Entry} Entry */
/** @typedef {import('./entry.mjs').Case} Case */
/** @typedef {import('./marks.mjs').Measurement} Measurement */
/** @typedef {import('./side-process.mjs').RoundResult} RoundResult */
/** @typedef {Pick<SideProcess, 'definition' | 'prepare' | 'round' | 'output' | 'end'>} Side */

/**
 * @typedef {object} Agreement
 * @property {string} case
 * @property {string} peer
 * @property {string} name What was compared.
 * @property {number} length
 * @property {number} largestDifference
 */

/**
 * Compares what our side computed with each peer's.
 *
 * @param {Entry} entry
 * @param {string} caseName
 * @param {readonly Side[]} sides
 * @returns {Promise<Agreement[]>}
 */
async function compareSides(entry, caseName, sides) {
  const [ours, ...peers] = sides;
  if (ours === undefined || entry.checks.length === 0) return [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-bench-'));
  try {
    /** @type {Agreement[]} */
    const agreements = [];
    const ourFolder = path.join(folder, 'ours');
    mkdirSync(ourFolder);
    const ourOutput = { folder: ourFolder, types: await ours.output(ourFolder) };
    for (const peer of peers) {
      const theirFolder = path.join(folder, 'theirs');
      mkdirSync(theirFolder);
      const theirs = { folder: theirFolder, types: await peer.output(theirFolder), side: peer.definition.name };
      for (const comparison of compareOutputs(entry.checks, ourOutput, theirs)) {
        agreements.push({ case: caseName, peer: peer.definition.name, ...comparison });
      }
      rmSync(theirFolder, { recursive: true });
    }
    return agreements;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The figures of one round under their names.
 *
 * @param {RoundResult} result
 * @returns {Record<string, number>}
 */
function figuresOf(result) {
  return { time: result.seconds / result.count, ...result.figures, peakBytes: result.peakBytes };
}

/**
 * One case: a round to warm up, the comparison, then the rounds that count, side after side.
 *
 * @param {Entry} entry
 * @param {Case} oneCase
 * @param {readonly Side[]} sides
 * @param {number} rounds
 */
async function runCase(entry, oneCase, sides, rounds) {
  const says = (/** @type {string} */ text) => process.stderr.write(`  ${oneCase.name}: ${text}\n`);
  /** @type {(Measurement & { figures: Record<string, number[]> })[]} */
  const measurements = [];
  for (const side of sides) {
    says(`${side.definition.name} prepares and warms up`);
    const prepared = await side.prepare(oneCase);
    const { count } = await side.round();
    const note = prepared?.note === undefined ? {} : { note: prepared.note };
    measurements.push({ case: oneCase.name, side: side.definition.name, count, figures: {}, ...note });
  }
  const agreements = await compareSides(entry, oneCase.name, sides);
  for (let round = 1; round <= rounds; round++) {
    const times = [];
    for (const [i, side] of sides.entries()) {
      const result = await side.round();
      const { figures } = /** @type {(typeof measurements)[number]} */ (measurements[i]);
      for (const [name, value] of Object.entries(figuresOf(result))) {
        figures[name] ??= [];
        figures[name].push(value);
      }
      times.push(`${side.definition.name} ${result.seconds.toPrecision(3)} s`);
    }
    says(`round ${round} of ${rounds}: ${times.join(', ')}`);
  }
  return { measurements, agreements };
}

/**
 * Runs `cases` in one set of processes.
 *
 * @param {Entry} entry
 * @param {readonly Case[]} cases
 * @param {{ rounds: number, python: string | undefined }} options Without `python`, our sides alone.
 */
async function runCases(entry, cases, { rounds, python }) {
  const open = entry.kind === 'startup' ? openStartup : startSide;
  const sides = entry.sides
    .filter(({ language, isAvailable = true }) => isAvailable && (language === 'node' || python !== undefined))
    .filter(({ name }) => cases.some((one) => takes(one, name)))
    .map((definition) => open(definition, python));
  try {
    /** @type {Measurement[]} */
    const measurements = [];
    /** @type {Agreement[]} */
    const agreements = [];
    for (const oneCase of cases) {
      const taking = sides.filter(({ definition }) => takes(oneCase, definition.name));
      const result = await runCase(entry, oneCase, taking, Math.min(rounds, oneCase.rounds ?? rounds));
      measurements.push(...result.measurements);
      agreements.push(...result.agreements);
    }
    return { measurements, agreements };
  } finally {
    await Promise.all(sides.map((side) => side.end()));
  }
}

/**
 * Runs an entry: the sides are started, and every round of every case goes through them one after the other.
 *
 * @param {Entry} entry
 * @param {{ scale: import('./command-line.mjs').Scale, rounds: number | undefined, python: string | undefined }} options
 *   Without `python`, our sides alone.
 * @returns {Promise<{ cases: readonly Case[], measurements: Measurement[], agreements: Agreement[] }>}
 */
export async function runEntry(entry, { scale, rounds = entry.rounds[scale], python }) {
  const cases = await entry.cases(scale);
  const groups = entry.processes === 'case' ? cases.map((one) => [one]) : [cases];
  const results = [];
  for (const group of groups) results.push(await runCases(entry, group, { rounds, python }));
  return {
    cases,
    measurements: results.flatMap(({ measurements }) => measurements),
    agreements: results.flatMap(({ agreements }) => agreements),
  };
}

/**
 * Whether a side takes part in a case.
 *
 * @param {Case} oneCase
 * @param {string} side
 */
function takes({ sides }, side) {
  return sides === undefined || sides.includes(side);
}

/**
 * @param {import('./side-process.mjs').SideDefinition} definition
 * @param {string | undefined} python
 */
function startSide(definition, python) {
  return new SideProcess(definition, python);
}
