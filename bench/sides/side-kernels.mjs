import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import { libtensorflowFolder } from '../src/folders.mjs';

/** @typedef {import('@embedbag/core').Kernels} Kernels */

/**
 * The kernels that a side can run on, by its variant. Packages of the others are loaded when they are asked for.
 *
 * @type {Readonly<Record<string, () => Promise<Kernels>>>}
 */
const KERNELS = {
  '': () => createKernels(),
  async tensorflow() {
    const { tensorflowKernels } = await import('@embedbag/tensorflow');
    return tensorflowKernels({ backend: 'node', from: libtensorflowFolder, host: createTypeScriptKernels() });
  },
};

/** @param {string} variant */
export async function createSideKernels(variant) {
  const create = KERNELS[variant];
  if (create !== undefined) return create();
  throw new Error(`Expected kernels among ${Object.keys(KERNELS).join(', ')}, received ${variant}.`);
}
