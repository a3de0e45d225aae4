import { expect, test } from 'vitest';
import { type GpuBuffer, mapNow, untilIdle } from './webgpu-reads.js';

/**
 * What Dawn does in Node.js: buffers are mapped in looks at the GPU, which it hands to the global `setImmediate`, one at a
 * time as long as anything is awaited.
 */
class Looks {
  private awaited = 0;
  private isQueued = false;
  private readonly work: (() => boolean)[] = [];

  /** `isDone` is asked at every look. */
  begin(isDone: () => boolean): void {
    this.awaited += 1;
    this.work.push(isDone);
    if (this.awaited === 1) this.schedule();
  }

  private schedule(): void {
    if (this.isQueued || this.awaited === 0) return;
    this.isQueued = true;
    globalThis.setImmediate(() => {
      this.isQueued = false;
      for (const isDone of this.work.splice(0)) {
        if (isDone()) this.awaited -= 1;
        else this.work.push(isDone);
      }
      this.schedule();
    });
  }
}

function bufferOf(looks: Looks, looksNeeded: number): GpuBuffer {
  let mapState: GpuBuffer['mapState'] = 'unmapped';
  return {
    size: 4,
    get mapState() {
      return mapState;
    },
    mapAsync() {
      mapState = 'pending';
      let seen = 0;
      return new Promise((resolve) => {
        looks.begin(() => {
          seen += 1;
          if (seen < looksNeeded) return false;
          mapState = 'mapped';
          resolve();
          return true;
        });
      });
    },
    getMappedRange: () => new ArrayBuffer(4),
    unmap() {
      mapState = 'unmapped';
    },
  };
}

test('a buffer is mapped within the call, and `setImmediate` is what it was', () => {
  const { setImmediate } = globalThis;
  const looks = new Looks();
  for (const needed of [1, 3, 200]) {
    const buffer = bufferOf(looks, needed);
    mapNow(buffer);
    expect(buffer.mapState).toBe('mapped');
    expect(globalThis.setImmediate).toBe(setImmediate);
  }
});

test('what is awaited beside it comes to its end, before and after further reads', async () => {
  const looks = new Looks();
  const first = bufferOf(looks, 1);
  mapNow(first);
  let ended: Promise<void> | undefined;
  const slow = bufferOf(looks, 6);
  // Begins within a read, so that the read has its look.
  const beside: GpuBuffer = bufferOf(looks, 2);
  const both: GpuBuffer = {
    ...beside,
    get mapState() {
      return beside.mapState;
    },
    mapAsync(mode) {
      ended = slow.mapAsync(mode);
      return beside.mapAsync(mode);
    },
  };
  mapNow(both);
  expect([beside.mapState, slow.mapState]).toEqual(['mapped', 'pending']);
  mapNow(bufferOf(looks, 1));
  await ended;
  expect(slow.mapState).toBe('mapped');
});

test('a read while Node.js holds the look is refused, and `untilIdle` waits for the end of it', async () => {
  const looks = new Looks();
  const awaited = bufferOf(looks, 3);
  void awaited.mapAsync(1);
  const buffers: GpuBuffer[] = [];
  expect(() => mapNow(bufferOf(looks, 1))).toThrow(
    'Expected WebGPU to have nothing under way, received a read while another was awaited. Await `data()`, `array()` and other reads before a loss or a kernel computes.',
  );
  const released: GpuBuffer[] = [];
  await untilIdle(
    () => {
      const buffer = bufferOf(looks, 1);
      buffers.push(buffer);
      return buffer;
    },
    (buffer) => released.push(buffer),
  );
  expect(awaited.mapState).toBe('mapped');
  expect(released).toEqual(buffers);
  expect(buffers.length).toBeGreaterThan(1);
  mapNow(bufferOf(looks, 2));
});
