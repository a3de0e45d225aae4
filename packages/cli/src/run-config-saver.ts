import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbedbagError, type Kernels } from '@embedbag/core';
import type { TrainingCallback } from '@embedbag/trainer';
import type { ResolvedTrainConfig } from './resolve-train-config.js';

/** The settings of a run, in its `outputDir`. */
const RUN_CONFIG_FILE = 'run.json';

/**
 * Writes the settings of a run into its folder when it begins, with the kernels that it has, so that `embedbag train --config`
 * can run it again: on the same kernels to the byte.
 */
export function runConfigSaver(config: ResolvedTrainConfig, { backend, threads }: Kernels): TrainingCallback {
  // Kernels of TensorFlow.js have names of their own that cannot be asked for.
  const kernels = config.backend?.startsWith('tensorflow') ? {} : { backend, threads };
  return {
    name: 'run-config',
    onEvent({ type }) {
      if (type !== 'training-start') return;
      const file = join(config.arguments.outputDir, RUN_CONFIG_FILE);
      const partial = join(config.arguments.outputDir, `.${RUN_CONFIG_FILE}.saving`);
      try {
        writeFileSync(partial, `${JSON.stringify({ ...config, ...kernels }, undefined, 2)}\n`, { flush: true });
        renameSync(partial, file);
      } catch (error) {
        throw new EmbedbagError({
          code: 'output-not-writable',
          message: `Expected \`--output\` to be a folder that can be written, received ${(error as Error).message}. Choose another folder, or make room in it.`,
          cause: error,
        });
      }
    },
  };
}
