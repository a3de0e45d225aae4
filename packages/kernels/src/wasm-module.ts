import { nodeBuiltin } from './node-builtin.js';

/** The builds of the kernels; `wasm-relaxed-simd` has fused multiply-add. */
export type WasmBackend = 'wasm-simd' | 'wasm-relaxed-simd';

/** `(module (func (param v128 v128 v128) (result v128) local.get 0 1 2 f32x4.relaxed_madd))` */
const RELAXED_SIMD_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
);
/** `(module (func (result v128) i32.const 0 i32x4.splat))` */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 8, 1, 6, 0, 65, 0, 253, 17, 11],
);

/** Whether WebAssembly with 128-bit SIMD and a memory that threads can share is here; browsers want COOP and COEP headers. */
export function hasSharedSimd(): boolean {
  if (typeof WebAssembly === 'undefined' || typeof SharedArrayBuffer === 'undefined') return false;
  try {
    if (!WebAssembly.validate(SIMD_PROBE)) return false;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return memory.buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}

/**
 * Whether relaxed SIMD is here. Node 20 has it behind a flag of V8, which is set when validation has said no, and only
 * then: engines that no longer know the flag would print a warning.
 */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(RELAXED_SIMD_PROBE)) return true;
  try {
    nodeBuiltin('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
    return WebAssembly.validate(RELAXED_SIMD_PROBE);
  } catch {
    return false;
  }
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const buffer = nodeBuiltin('node:buffer')?.Buffer.from(text, 'base64');
  if (buffer !== undefined) return buffer;
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  return bytes;
}

/** The compiled module of `backend`. */
export async function compileBackend(backend: WasmBackend): Promise<WebAssembly.Module> {
  const text =
    backend === 'wasm-simd'
      ? (await import('./generated/simd.js')).SIMD_MODULE
      : (await import('./generated/relaxed-simd.js')).RELAXED_SIMD_MODULE;
  return WebAssembly.compile(decodeBase64(text));
}
