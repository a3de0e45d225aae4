import type { Kernels } from '@embedbag/core';
import { createKernels } from '@embedbag/kernels';
import { type Command, Option } from 'commander';
import { integerOption } from './option-values.js';
import { createTensorFlowKernels, TENSORFLOW_BACKENDS, type TensorFlowBackendName } from './tensorflow-backend.js';

const BACKENDS = ['auto', 'wasm', 'wasm-simd', 'wasm-relaxed-simd', 'typescript'] as const;

/** The values of `--backend`. */
export const BACKEND_NAMES: readonly KernelOptions['backend'][] = [...BACKENDS, ...TENSORFLOW_BACKENDS];

/** The options of every command that computes. */
export interface KernelOptions {
  readonly backend: (typeof BACKENDS)[number] | TensorFlowBackendName;
  readonly threads?: number;
}

/** Adds `--backend` and `--threads` to `command`. */
export function addKernelOptions(command: Command): Command {
  return command
    .addOption(new Option('--backend <name>', 'what computes').choices(BACKEND_NAMES).default('auto'))
    .option('--threads <count>', 'threads that compute (default: one a core)', integerOption(1));
}

function isTensorFlow(backend: KernelOptions['backend']): backend is TensorFlowBackendName {
  return (TENSORFLOW_BACKENDS as readonly string[]).includes(backend);
}

/**
 * The kernels that `options` ask for; the caller disposes them. For a TensorFlow.js backend, which it got and why not the
 * better ones goes to `stderr`.
 */
export function kernelsFromOptions(
  options: KernelOptions,
  { stderr }: { readonly stderr: NodeJS.WritableStream },
): Promise<Kernels> {
  const { backend, threads } = options;
  const threadOptions = threads === undefined ? {} : { threads };
  if (isTensorFlow(backend)) return createTensorFlowKernels(backend, threadOptions, stderr);
  return createKernels({ backend, ...threadOptions });
}
