import { EmbedbagError, type Kernels } from '@embedbag/core';
import { nodeBuiltin } from './node-builtin.js';
import { createTypeScriptKernels } from './typescript-kernels.js';
import { WasmKernels } from './wasm-kernels.js';
import { hasRelaxedSimd, hasSharedSimd } from './wasm-module.js';

/** Which kernels to create. */
export type KernelsBackend = 'auto' | 'wasm' | 'wasm-simd' | 'wasm-relaxed-simd' | 'typescript';

/** Settings of {@link createKernels}. */
export interface CreateKernelsOptions {
  /**
   * `auto`, the default: `wasm` where the engine has it, else `typescript`. `wasm`: `wasm-relaxed-simd` where the engine has
   * it, else `wasm-simd`. The others are forced.
   */
  readonly backend?: KernelsBackend;
  /** How many threads compute, the calling one included. Default: as many as can run at once, at most 16. */
  readonly threads?: number;
}

const BACKENDS: readonly KernelsBackend[] = ['auto', 'wasm', 'wasm-simd', 'wasm-relaxed-simd', 'typescript'];
const MOST_DEFAULT_THREADS = 16;
const MOST_THREADS = 256;

/** How many threads can run at once. */
function availableParallelism(): number {
  return nodeBuiltin('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

function unavailable(backend: KernelsBackend, what: string, remedy: string): EmbedbagError {
  return new EmbedbagError({
    code: 'backend-unavailable',
    message: `Expected ${what} for the backend \`${backend}\`, received an engine without it. ${remedy}`,
    details: { backend },
  });
}

function checkOptions(backend: KernelsBackend, threads: number | undefined): void {
  if (!BACKENDS.includes(backend)) {
    throw new EmbedbagError({
      code: 'unknown-backend',
      message: `Expected \`backend\` to be one of ${BACKENDS.join(', ')}, received \`${backend}\`. Use \`auto\` for the fastest that works.`,
      details: { received: String(backend) },
    });
  }
  if (threads === undefined || (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) return;
  throw new EmbedbagError({
    code: 'invalid-threads',
    message: `Expected \`threads\` to be a whole number from 1 to ${MOST_THREADS}, received ${threads}. Leave it out for one thread a processor core.`,
    details: { limit: MOST_THREADS, received: threads },
  });
}

/**
 * Kernels on the fastest backend that the engine has, with their threads started.
 *
 * The threads sleep between calls and do not keep the process alive; `dispose` ends them. Where workers cannot be started
 * there is one thread; `kernels.backend` and `kernels.threads` tell what came of it. A contrastive problem with a guide or
 * with text ids runs in plain TypeScript on one thread on every backend.
 *
 * @throws EmbedbagError `backend-unavailable` when a forced backend is not to be had, `unknown-backend` and
 * `invalid-threads` for options that are none.
 *
 * @example
 * ```ts
 * const kernels = await createKernels({ threads: 2 });
 * const vector = kernels.allocateFloat32(1024);
 * kernels.dispose();
 * ```
 */
export async function createKernels(options: CreateKernelsOptions = {}): Promise<Kernels> {
  const { backend = 'auto' } = options;
  checkOptions(backend, options.threads);
  if (backend === 'typescript') return createTypeScriptKernels();
  if (!hasSharedSimd()) {
    if (backend === 'auto') return createTypeScriptKernels();
    throw unavailable(
      backend,
      'WebAssembly with SIMD and shared memory',
      'In a browser, serve the page with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or use `auto`.',
    );
  }
  const relaxed = backend !== 'wasm-simd' && hasRelaxedSimd();
  if (backend === 'wasm-relaxed-simd' && !relaxed) throw unavailable(backend, 'relaxed SIMD', 'Use `wasm` or `auto`.');
  const threads = options.threads ?? Math.min(MOST_DEFAULT_THREADS, availableParallelism());
  return WasmKernels.create(relaxed ? 'wasm-relaxed-simd' : 'wasm-simd', threads);
}
