/**
 * Our half of a comparison: `node serve.mjs <module>` answers the requests on stdin until stdin ends.
 *
 * @typedef {Readonly<Record<string, Float32Array | Int32Array | Float64Array>>} Output
 *
 * @typedef {object} Round
 * @property {number} seconds
 * @property {number} count
 * @property {Readonly<Record<string, number>>} [figures]
 *
 * @typedef {object} Side
 * @property {(settings: any) => Promise<{ note?: string } | void>} prepare Makes ready for the rounds of one case.
 * @property {() => Promise<Round>} round Does the work once and times it.
 * @property {() => Promise<Output>} output What the rounds computed, for the comparison.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { peakBytes } from './peak-bytes.mjs';

/** @param {unknown} array */
function typeOf(array) {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Float64Array) return 'float64';
  return undefined;
}

/**
 * @param {Side} side
 * @param {string} folder
 */
async function writeOutput(side, folder) {
  /** @type {Record<string, string>} */
  const types = {};
  for (const [name, array] of Object.entries(await side.output())) {
    const type = typeOf(array);
    if (type === undefined) throw new Error(`Expected a typed array as \`${name}\`, received ${array}.`);
    types[name] = type;
    writeFileSync(path.join(folder, name), new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return types;
}

/**
 * @param {Side} side
 * @param {any} request
 */
async function answer(side, request) {
  if (request.command === 'prepare') return (await side.prepare(request.settings)) ?? {};
  if (request.command === 'output') return writeOutput(side, request.folder);
  const round = await side.round();
  return { ...round, peakBytes: peakBytes() };
}

const [moduleName = '', variant = ''] = process.argv.slice(2);
const { createSide } = await import(pathToFileURL(path.join(import.meta.dirname, `${moduleName}.mjs`)).href);
/** @type {Side} */
const side = createSide(variant);
for await (const line of createInterface({ input: process.stdin })) {
  /** @type {any} */
  let reply;
  try {
    reply = { result: await answer(side, JSON.parse(line)) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.stack : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(0);
