import { EmbedbagError } from '@embedbag/core';

const PAGE_BYTES = 65536;
/** 4 GiB less one page: the end of a block must be a 32-bit number too. */
const LIMIT_BYTES = 65535 * PAGE_BYTES;
/** A cache line. */
const ALIGNMENT = 64;
const INITIAL_PAGES = 2;
/** Memory is grown by at least this much at a time. */
const GROWTH_BYTES = 1 << 22;

interface Span {
  start: number;
  bytes: number;
}

/** Reserves address space for 4 GiB, or for as much as the process may have. */
function reserve(): { memory: WebAssembly.Memory; limit: number } {
  for (let maximum = 65536; ; maximum /= 2) {
    try {
      const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true });
      return { memory, limit: Math.min(LIMIT_BYTES, maximum * PAGE_BYTES) };
    } catch (cause) {
      if (maximum > 4096) continue;
      throw cause;
    }
  }
}

/**
 * The one allocator over the shared memory of a module and all its workers: best fit, neighbouring free spans joined.
 *
 * The instances have none of their own, because each would begin at the same address. Blocks are aligned to 64 bytes.
 * The first page is left to the compiler.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  private readonly limit: number;
  private readonly free: Span[] = [];
  private readonly live = new Map<number, number>();
  /** Every object the memory's buffer has been: growing makes a new one, and views of the old ones stay good. */
  private readonly buffers = new WeakSet<object>();
  /** The one of `buffers` that was asked about last: calls ask about the same arrays again and again. */
  private lastHeld: object | undefined;
  /** All of the memory as int32. */
  words: Int32Array;
  private end: number = PAGE_BYTES;
  private liveBytes = 0;

  constructor() {
    const { memory, limit } = reserve();
    this.memory = memory;
    this.limit = limit;
    this.buffers.add(memory.buffer);
    this.words = new Int32Array(memory.buffer);
  }

  /** Whether `array` lies in this memory. */
  holds(array: ArrayBufferView): boolean {
    const { buffer } = array;
    if (buffer === this.lastHeld) return true;
    if (buffer instanceof ArrayBuffer || !this.buffers.has(buffer)) return false;
    this.lastHeld = buffer;
    return true;
  }

  /**
   * The address of a new block of at least `bytes` bytes; `zero` fills it with zeros.
   *
   * @throws EmbedbagError `out-of-memory` when no such block is left.
   */
  allocate(bytes: number, zero = false): number {
    const rounded = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    // Beyond the end nothing was ever written.
    const written = this.end;
    const start = this.takeFree(rounded) ?? this.extend(rounded);
    this.live.set(start, rounded);
    this.liveBytes += rounded;
    const used = Math.min(start + rounded, written) - start;
    // V8 fills shared memory element by element: eight bytes at a time are as fast as memory is, single bytes are not.
    if (zero && used > 0) this.float64(start, used / 8).fill(0);
    return start;
  }

  /** Gives a block back. */
  release(start: number): void {
    const bytes = this.live.get(start);
    if (bytes === undefined) return;
    this.live.delete(start);
    this.liveBytes -= bytes;
    let at = this.free.findIndex((span) => span.start > start);
    if (at < 0) at = this.free.length;
    const before = this.free[at - 1];
    const after = this.free[at];
    const joinsBefore = before !== undefined && before.start + before.bytes === start;
    const joinsAfter = after !== undefined && start + bytes === after.start;
    if (joinsBefore) before.bytes += bytes + (joinsAfter ? after.bytes : 0);
    else if (joinsAfter) Object.assign(after, { start, bytes: bytes + after.bytes });
    else this.free.splice(at, 0, { start, bytes });
    if (joinsBefore && joinsAfter) this.free.splice(at, 1);
  }

  float32(start: number, length: number): Float32Array {
    return new Float32Array(this.words.buffer, start, length);
  }

  float64(start: number, length: number): Float64Array {
    return new Float64Array(this.words.buffer, start, length);
  }

  int32(start: number, length: number): Int32Array {
    return new Int32Array(this.words.buffer, start, length);
  }

  private takeFree(bytes: number): number | undefined {
    let best: Span | undefined;
    for (const span of this.free) {
      if (span.bytes >= bytes && (best === undefined || span.bytes < best.bytes)) best = span;
    }
    if (best === undefined) return undefined;
    const { start } = best;
    best.start += bytes;
    best.bytes -= bytes;
    if (best.bytes === 0) this.free.splice(this.free.indexOf(best), 1);
    return start;
  }

  /** A block at the end, which begins with the last free span if that ends there. */
  private extend(bytes: number): number {
    const last = this.free.at(-1);
    const joins = last !== undefined && last.start + last.bytes === this.end;
    const start = joins ? last.start : this.end;
    const size = this.memory.buffer.byteLength;
    if (start + bytes > this.limit) throw this.outOfMemory(bytes);
    if (start + bytes > size) {
      const wanted = Math.min(this.limit, Math.max(start + bytes, size + GROWTH_BYTES));
      try {
        this.memory.grow(Math.ceil((wanted - size) / PAGE_BYTES));
      } catch (cause) {
        throw this.outOfMemory(bytes, cause);
      }
      this.buffers.add(this.memory.buffer);
      this.words = new Int32Array(this.memory.buffer);
    }
    if (joins) this.free.pop();
    this.end = start + bytes;
    return start;
  }

  private outOfMemory(needed: number, cause?: unknown): EmbedbagError {
    const available = this.limit - PAGE_BYTES - this.liveBytes;
    return new EmbedbagError({
      code: 'out-of-memory',
      message: `Expected room for ${needed} bytes in the WebAssembly memory, which ends at ${this.limit} bytes; ${available} are available, not all in one piece. Release arrays, or use a smaller table or batch.`,
      details: { neededBytes: needed, availableBytes: available, limitBytes: this.limit },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
