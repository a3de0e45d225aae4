import type { WasmMemory } from './wasm-memory.js';

type KernelArray = Float32Array | Int32Array;
type ByteArray = Int8Array | Uint8Array;

/**
 * Up to this length, copying element by element is faster than making the views that a bulk copy takes, and than asking an
 * array for its buffer: an engine that keeps short arrays without one makes it then.
 */
const COPIED_SINGLY = 128;

/** A view of the same kind as `array` of what lies in `buffer`. */
function viewLike(
  array: KernelArray | ByteArray,
  buffer: ArrayBufferLike,
  start: number,
  length: number,
): typeof array {
  if (array instanceof Float32Array) return new Float32Array(buffer, start, length);
  if (array instanceof Int32Array) return new Int32Array(buffer, start, length);
  return array instanceof Int8Array ? new Int8Array(buffer, start, length) : new Uint8Array(buffer, start, length);
}

/**
 * Scratch memory for one kernel call at a time, kept from call to call, and the copies of arrays that lie elsewhere.
 *
 * A call opens with `begin`, asks for addresses, runs, and closes with `finish`, which copies results back.
 */
export class WasmStaging {
  private readonly memory: WasmMemory;
  private blocks: { readonly start: number; readonly bytes: number }[] = [];
  /** Bytes used of the last block. */
  private used = 0;
  private zeroBlock: { readonly start: number; readonly bytes: number } | undefined;
  private copiesBack: { readonly from: number; readonly to: KernelArray | ByteArray; readonly length: number }[] = [];

  constructor(memory: WasmMemory) {
    this.memory = memory;
  }

  /** Frees all scratch of the last call; if that took several blocks, the next has one of their size. */
  begin(): void {
    this.copiesBack = [];
    this.used = 0;
    if (this.blocks.length < 2) return;
    const bytes = this.blocks.reduce((sum, block) => sum + block.bytes, 0);
    for (const block of this.blocks) this.memory.release(block.start);
    this.blocks = [];
    this.blocks.push({ start: this.memory.allocate(bytes), bytes });
  }

  /** The address of `bytes` bytes of scratch, good until the next `begin`; what they hold is unspecified. */
  scratch(bytes: number): number {
    const rounded = Math.ceil(bytes / 64) * 64;
    const last = this.blocks.at(-1);
    if (last !== undefined && this.used + rounded <= last.bytes) {
      const start = last.start + this.used;
      this.used += rounded;
      return start;
    }
    if (last !== undefined && this.used === 0) {
      this.memory.release(last.start);
      this.blocks.pop();
    }
    const block = { start: this.memory.allocate(rounded), bytes: rounded };
    this.blocks.push(block);
    this.used = rounded;
    return block.start;
  }

  /** The address of `bytes` bytes that are zero and stay so. */
  zeros(bytes: number): number {
    if (this.zeroBlock !== undefined && this.zeroBlock.bytes >= bytes) return this.zeroBlock.start;
    if (this.zeroBlock !== undefined) this.memory.release(this.zeroBlock.start);
    this.zeroBlock = { start: this.memory.allocate(bytes, true), bytes };
    return this.zeroBlock.start;
  }

  /** The address of an int32 of scratch that is 0. */
  counter(): number {
    const start = this.scratch(4);
    this.memory.words[start >>> 2] = 0;
    return start;
  }

  /** The address of the first `length` elements of `array`, copied in where it lies elsewhere. */
  input(array: KernelArray, length: number): number {
    if (array instanceof Int32Array && length <= COPIED_SINGLY) return this.copySingly(array, length);
    if (this.memory.holds(array)) return array.byteOffset;
    const start = this.scratch(length * 4);
    viewLike(array, this.memory.memory.buffer, start, length).set(array.subarray(0, length));
    return start;
  }

  private copySingly(array: Int32Array, length: number): number {
    const start = this.scratch(length * 4);
    const { words } = this.memory;
    for (let index = 0; index < length; index++) words[(start >>> 2) + index] = array[index]!;
    return start;
  }

  /** The address for the first `length` elements of `array`, all of which will be written. */
  output(array: KernelArray | ByteArray, length: number): number {
    if (this.memory.holds(array)) return array.byteOffset;
    const start = this.scratch(length * array.BYTES_PER_ELEMENT);
    this.copiesBack.push({ from: start, to: array, length });
    return start;
  }

  /** The address of the first `length` elements of `array`, which will be changed. */
  update(array: KernelArray, length: number): number {
    if (this.memory.holds(array)) return array.byteOffset;
    const start = this.input(array, length);
    this.copiesBack.push({ from: start, to: array, length });
    return start;
  }

  /** Copies results back to arrays that lie elsewhere. */
  finish(): void {
    for (const { from, to, length } of this.copiesBack) {
      to.set(viewLike(to, this.memory.memory.buffer, from, length));
    }
    this.copiesBack = [];
  }
}
