import { existsSync } from 'node:fs';
import path from 'node:path';
import util from 'node:util';
import { libtensorflowFolder } from './folders.mjs';

/**
 * What an entry of the bench is made of.
 *
 * @typedef {import('./side-process.mjs').SideDefinition} SideDefinition
 * @typedef {import('./compare-outputs.mjs').Check} Check
 * @typedef {import('./marks.mjs').Mark} Mark
 * @typedef {import('./marks.mjs').OwnMark} OwnMark
 * @typedef {import('./marks.mjs').Measurement} Measurement
 * @typedef {import('./command-line.mjs').Scale} Scale
 * @typedef {import('./curve.mjs').Curve} Curve
 *
 * @typedef {{
 *   readonly name: string,
 *   readonly sides?: readonly string[],
 *   readonly rounds?: number,
 *   readonly [setting: string]: unknown,
 * }} Case A size or kind of input, plain JSON that every side is prepared with. `sides` names those that take part, default
 *   all; `rounds` are fewer than the entry's.
 *
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} work What is measured, in a few words.
 * @property {'rounds' | 'startup'} kind `startup`: every round starts the processes anew.
 * @property {{ readonly name: string, readonly perSecond: boolean }} unit What `count` counts, and whether the table
 *   shows units a second or the time of one.
 * @property {'case'} [processes] `case`: every case has processes of its own, so that its memory is no other case's.
 *   Default: all cases go through the same ones.
 * @property {readonly SideDefinition[]} sides Ours first.
 * @property {Readonly<Record<Scale, number>>} rounds
 * @property {(scale: Scale) => Promise<readonly Case[]>} cases
 * @property {readonly Check[]} checks What both sides must agree on.
 * @property {readonly Mark[]} marks
 * @property {(measurements: readonly Measurement[], cases: readonly Case[]) => readonly OwnMark[]} [ownMarks]
 * @property {(measurements: readonly Measurement[], cases: readonly Case[]) => readonly string[]} [remarks] What the figures
 *   say beside the marks.
 * @property {(measurements: readonly Measurement[], cases: readonly Case[]) => Curve} [curve] The picture of an entry whose
 *   figures belong to sizes; README.md has it in place of a row a case.
 * @property {readonly string[]} [notes] What a reader of the figures must know.
 */

/** Our side, always the first: `sides/<module>.mjs`. @param {string} module @returns {SideDefinition} */
export function ourSide(module) {
  return { name: 'embedbag', language: 'node', module };
}

/** Our side with the argument `bf16`: `sides/<module>.mjs`. @param {string} module @returns {SideDefinition} */
export function ourBf16Side(module) {
  return { name: 'embedbag bf16', language: 'node', module, variant: 'bf16' };
}

/**
 * Our side on native TensorFlow. It is left out where `tooling/libtensorflow.mjs` has not made it, or where it cannot run: it
 * calls functions of `node:util` that Node 23 dropped.
 *
 * @param {string} module
 * @returns {SideDefinition}
 */
export function tensorflowSide(module) {
  const isAvailable = existsSync(path.join(libtensorflowFolder, 'recipe.json')) && 'isNullOrUndefined' in util;
  return { name: 'embedbag on TensorFlow', language: 'node', module, variant: 'tensorflow', isAvailable };
}

/**
 * A peer's side: `python/<module>.py`.
 *
 * @param {string} name As the table shows it.
 * @param {string} module
 * @param {readonly string[]} packages Whose versions belong to the figure.
 * @param {string} [variant]
 * @returns {SideDefinition}
 */
export function peerSide(name, module, packages, variant) {
  return { name, language: 'python', module, packages, ...(variant !== undefined && { variant }) };
}
