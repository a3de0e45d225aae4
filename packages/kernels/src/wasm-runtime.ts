import type { WasmMemory } from './wasm-memory.js';
import type { WasmPool } from './wasm-pool.js';
import type { WasmStaging } from './wasm-staging.js';

/** What every operation of the WebAssembly backend works with. */
export interface WasmRuntime {
  readonly memory: WasmMemory;
  readonly pool: WasmPool;
  readonly staging: WasmStaging;
}

/** Below this many float32 operations, waking the workers takes longer than the work. */
export const WORTH_THREADS = 100_000;
