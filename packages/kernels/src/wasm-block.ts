import type { WasmMemory } from './wasm-memory.js';

/** Memory for one result, kept from call to call. */
export class WasmBlock {
  private readonly memory: WasmMemory;
  private block: { readonly start: number; readonly length: number } | undefined;

  constructor(memory: WasmMemory) {
    this.memory = memory;
  }

  /** The address of `length` float32; an address given out before is no longer good. */
  reserve(length: number): number {
    if (this.block !== undefined && this.block.length >= length) return this.block.start;
    this.release();
    const generous = Math.ceil(length * 1.125);
    this.block = { start: this.memory.allocate(generous * 4), length: generous };
    return this.block.start;
  }

  release(): void {
    if (this.block !== undefined) this.memory.release(this.block.start);
    this.block = undefined;
  }
}
