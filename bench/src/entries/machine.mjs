import os from 'node:os';
import { ourSide, peerSide } from '../entry.mjs';

/** @typedef {import('../entry.mjs').Entry} Entry */

/** One thread, and all of them. */
const THREADS = [...new Set([1, os.availableParallelism()])];
const COMMON = /** @type {const} */ ({
  kind: 'rounds',
  processes: 'case',
  rounds: { check: 1, quick: 9, full: 31 },
  checks: [],
  marks: [],
});

/** @param {string} name @param {string} work */
const casesOf = (name, work) =>
  THREADS.map((threads) => ({ name: `${name}, ${threads === 1 ? '1 thread' : `${threads} threads`}`, work, threads }));

/** @type {Entry} */
export const machineArithmetic = {
  ...COMMON,
  name: 'machine-arithmetic',
  work: 'what the machine can do at best: multiply-adds of a 4x8 register tile out of the first cache; torch: a product of matrices',
  unit: { name: 'FLOP', perSecond: true },
  sides: [
    ourSide('machine'),
    peerSide('torch float32', 'machine', ['torch'], 'float32'),
    peerSide('torch bf16', 'machine', ['torch'], 'bfloat16'),
  ],
  async cases() {
    const integers = casesOf('multiply-add of 16-bit integers', 'multiplyInt16');
    const ours = integers.map((one) => ({ ...one, sides: ['embedbag'] }));
    return [...casesOf('multiply-add', 'multiply'), ...ours];
  },
  notes: ['no embeddings are made here: these figures are what the other entries can be held against'],
};

/** @type {Entry} */
export const machineMemory = {
  ...COMMON,
  name: 'machine-memory',
  work: 'what the machine can do at best: the sum of 768 MiB of floats, and a copy of one half to the other, read and written bytes counted',
  unit: { name: 'B', perSecond: true },
  sides: [ourSide('machine'), peerSide('torch', 'machine', ['torch'], 'float32')],
  async cases() {
    return [...casesOf('sum', 'sum'), ...casesOf('copy', 'copy')];
  },
};
