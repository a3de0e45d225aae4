import os from 'node:os';

/**
 * @typedef {object} Machine
 * @property {string} processor
 * @property {number} cores How many threads can run at once.
 * @property {number} memoryGiB
 * @property {string} system
 */

/** @returns {Machine} */
export function describeMachine() {
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.arch()}`,
  };
}
