import type { Kernels } from '@embedbag/core';
import { createKernels } from '@embedbag/kernels';
import { type Command, Option } from 'commander';
import { integerOption } from './option-values.js';

const BACKENDS = ['auto', 'wasm', 'wasm-simd', 'wasm-relaxed-simd', 'typescript'] as const;

/** The options of every command that computes. */
export interface KernelOptions {
  readonly backend: (typeof BACKENDS)[number];
  readonly threads?: number;
}

/** Adds `--backend` and `--threads` to `command`. */
export function addKernelOptions(command: Command): Command {
  return command
    .addOption(new Option('--backend <name>', 'what computes').choices(BACKENDS).default('auto'))
    .option('--threads <count>', 'threads that compute (default: one a core)', integerOption(1));
}

/** The kernels that `options` ask for; the caller disposes them. */
export function kernelsFromOptions(options: KernelOptions): Promise<Kernels> {
  const { backend, threads } = options;
  return createKernels(threads === undefined ? { backend } : { backend, threads });
}
