import type { Kernels } from '@embedbag/core';

/** The gradients of the batches of one step, one below the other in the kernels' memory. */
export class GradientStack {
  private readonly kernels: Kernels;
  private held: Float32Array | undefined;
  private used = 0;
  private readonly capacity: number;

  /** The first use takes room for `capacity` values; batches larger than planned make it grow. */
  constructor(kernels: Kernels, capacity: number) {
    this.kernels = kernels;
    this.capacity = capacity;
  }

  /** A part of `length` values, whatever is in it. Ends the use of arrays got earlier, but not what was written into them. */
  push(length: number): Float32Array {
    const needed = this.used + length;
    if (this.held === undefined || this.held.length < needed) this.grow(needed);
    const part = this.held!.subarray(this.used, needed);
    this.used = needed;
    return part;
  }

  /** All parts since `clear`. */
  get all(): Float32Array {
    return this.held?.subarray(0, this.used) ?? new Float32Array(0);
  }

  clear(): void {
    this.used = 0;
  }

  release(): void {
    if (this.held !== undefined) this.kernels.release(this.held);
    this.held = undefined;
    this.used = 0;
  }

  private grow(needed: number): void {
    const { held, used, kernels } = this;
    const wanted = Math.max(needed, this.capacity);
    if (held !== undefined && used === 0) {
      kernels.release(held);
      this.held = undefined;
      this.held = kernels.allocateFloat32(wanted);
      return;
    }
    const larger = kernels.allocateFloat32(wanted);
    if (held !== undefined) {
      larger.set(held.subarray(0, used));
      kernels.release(held);
    }
    this.held = larger;
  }
}
