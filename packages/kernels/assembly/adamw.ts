// AdamW in torch's order of operations: decay, moments, root of the second moment divided by the root of its correction,
// plus epsilon. A multiplication and an addition are never fused, so that both builds agree.
//
// A step without a gradient is the same code wherever it comes from, one at a time (`adamW`) or several that a row has
// missed (`adamWReplay`), so both give the same bytes.
import { integerAt, numberAt, pointerAt } from './arguments';

/** Bytes of a row that are kept in registers together: four vectors. */
const BLOCK: usize = 64;
/** A step's factors: what the table is multiplied by, the inverse root of beta2's correction, rate / beta1's correction. */
const FACTOR_BYTES: usize = 12;
/** Looking whether a block is settled costs about as much as a step: done this often. */
const LOOK_MASK: i32 = 7;

/** Rows that a thread takes at a time. */
const CHUNK_ROWS: i32 = 32;

let beta2: f32 = 0;
let oneLessBeta1: f32 = 0;
let oneLessBeta2: f32 = 0;
let epsilon: f32 = 0;
let gradientScale: f32 = 0;
let hasDecay: bool = false;
let floor: f32 = 0;

/** The first moment after a step without a gradient; the second one is `v * beta2`. */
// @ts-ignore: decorator
@inline
function faded(m: v128, share: v128): v128 {
  return f32x4.sub(m, f32x4.mul(m, share));
}

/** The table's values after a step that has left the moments `m` and `v`. */
// @ts-ignore: decorator
@inline
function moved(p: v128, m: v128, v: v128, decay: v128, inverseRoot: v128, stepSize: v128, epsilons: v128): v128 {
  const root = f32x4.add(f32x4.mul(f32x4.sqrt(v), inverseRoot), epsilons);
  return f32x4.sub(f32x4.mul(p, decay), f32x4.div(f32x4.mul(m, stepSize), root));
}

/** Whether `before` and `after` are equal, and so far from 0 that no later, smaller step can change them. */
// @ts-ignore: decorator
@inline
function isSettled(before: v128, after: v128, floors: v128): v128 {
  return v128.and(f32x4.eq(before, after), f32x4.gt(f32x4.abs(after), floors));
}

/** What a block without moments does in `steps` steps: its decay. */
function decayBlock(table: usize, factors: usize, steps: i32): void {
  for (let i = 0; i < steps; i++) {
    const decay = v128.load32_splat(factors);
    for (let at = table; at < table + BLOCK; at += 16) v128.store(at, f32x4.mul(v128.load(at), decay));
    factors += FACTOR_BYTES;
  }
}

/** The steps that are left for the moments of a block whose table values no longer change. */
function fadeBlock(first: usize, second: usize, steps: i32): void {
  const share = f32x4.splat(oneLessBeta1);
  const keep = f32x4.splat(beta2);
  let m0 = v128.load(first);
  let m1 = v128.load(first, 16);
  let m2 = v128.load(first, 32);
  let m3 = v128.load(first, 48);
  let v0 = v128.load(second);
  let v1 = v128.load(second, 16);
  let v2 = v128.load(second, 32);
  let v3 = v128.load(second, 48);
  for (let i = 0; i < steps; i++) {
    m0 = faded(m0, share);
    m1 = faded(m1, share);
    m2 = faded(m2, share);
    m3 = faded(m3, share);
    v0 = f32x4.mul(v0, keep);
    v1 = f32x4.mul(v1, keep);
    v2 = f32x4.mul(v2, keep);
    v3 = f32x4.mul(v3, keep);
  }
  v128.store(first, m0);
  v128.store(first, m1, 16);
  v128.store(first, m2, 32);
  v128.store(first, m3, 48);
  v128.store(second, v0);
  v128.store(second, v1, 16);
  v128.store(second, v2, 32);
  v128.store(second, v3, 48);
}

/** Whether any of the 64 bytes at `data` is set. */
// @ts-ignore: decorator
@inline
function isAnySet(data: usize): bool {
  const low = v128.or(v128.load(data), v128.load(data, 16));
  const high = v128.or(v128.load(data, 32), v128.load(data, 48));
  return v128.any_true(v128.or(low, high));
}

/**
 * `steps` steps without a gradient on one block. From step `calmFrom` on each step's size falls faster than the root of
 * the second moment, so that a value which one step leaves as it is stays so; see `wasm-adamw.ts`.
 */
function replayBlock(table: usize, first: usize, second: usize, factors: usize, steps: i32, calmFrom: i32): void {
  if (!isAnySet(first) && !isAnySet(second)) {
    if (hasDecay) decayBlock(table, factors, steps);
    return;
  }
  const share = f32x4.splat(oneLessBeta1);
  const keep = f32x4.splat(beta2);
  const epsilons = f32x4.splat(epsilon);
  let p0 = v128.load(table);
  let p1 = v128.load(table, 16);
  let p2 = v128.load(table, 32);
  let p3 = v128.load(table, 48);
  let m0 = v128.load(first);
  let m1 = v128.load(first, 16);
  let m2 = v128.load(first, 32);
  let m3 = v128.load(first, 48);
  let v0 = v128.load(second);
  let v1 = v128.load(second, 16);
  let v2 = v128.load(second, 32);
  let v3 = v128.load(second, 48);
  let left = steps;
  while (left > 0) {
    const decay = v128.load32_splat(factors);
    const inverseRoot = v128.load32_splat(factors, 4);
    const stepSize = v128.load32_splat(factors, 8);
    m0 = faded(m0, share);
    m1 = faded(m1, share);
    m2 = faded(m2, share);
    m3 = faded(m3, share);
    v0 = f32x4.mul(v0, keep);
    v1 = f32x4.mul(v1, keep);
    v2 = f32x4.mul(v2, keep);
    v3 = f32x4.mul(v3, keep);
    const q0 = moved(p0, m0, v0, decay, inverseRoot, stepSize, epsilons);
    const q1 = moved(p1, m1, v1, decay, inverseRoot, stepSize, epsilons);
    const q2 = moved(p2, m2, v2, decay, inverseRoot, stepSize, epsilons);
    const q3 = moved(p3, m3, v3, decay, inverseRoot, stepSize, epsilons);
    left--;
    factors += FACTOR_BYTES;
    if ((left & LOOK_MASK) == LOOK_MASK && steps - left > calmFrom) {
      const floors = f32x4.splat(floor);
      const low = v128.and(isSettled(p0, q0, floors), isSettled(p1, q1, floors));
      const high = v128.and(isSettled(p2, q2, floors), isSettled(p3, q3, floors));
      if (i32x4.all_true(v128.and(low, high))) break;
    }
    p0 = q0;
    p1 = q1;
    p2 = q2;
    p3 = q3;
  }
  v128.store(table, p0);
  v128.store(table, p1, 16);
  v128.store(table, p2, 32);
  v128.store(table, p3, 48);
  v128.store(first, m0);
  v128.store(first, m1, 16);
  v128.store(first, m2, 32);
  v128.store(first, m3, 48);
  v128.store(second, v0);
  v128.store(second, v1, 16);
  v128.store(second, v2, 32);
  v128.store(second, v3, 48);
  if (left > 0) fadeBlock(first, second, left);
}

/** One step with a gradient on `bytes` bytes, whole vectors. */
function stepVectors(table: usize, first: usize, second: usize, gradient: usize, factors: usize, bytes: usize): void {
  const share = f32x4.splat(oneLessBeta1);
  const keep = f32x4.splat(beta2);
  const shareOfSquare = f32x4.splat(oneLessBeta2);
  const scales = f32x4.splat(gradientScale);
  const epsilons = f32x4.splat(epsilon);
  const decay = v128.load32_splat(factors);
  const inverseRoot = v128.load32_splat(factors, 4);
  const stepSize = v128.load32_splat(factors, 8);
  for (let at: usize = 0; at < bytes; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), scales);
    const before = v128.load(first + at);
    const m = f32x4.add(before, f32x4.mul(f32x4.sub(g, before), share));
    const v = f32x4.add(f32x4.mul(v128.load(second + at), keep), f32x4.mul(f32x4.mul(shareOfSquare, g), g));
    v128.store(table + at, moved(v128.load(table + at), m, v, decay, inverseRoot, stepSize, epsilons));
    v128.store(first + at, m);
    v128.store(second + at, v);
  }
}

/** Slots 0 to 4: beta2, `1 - beta1`, `1 - beta2`, epsilon, whether the table decays. */
function readConstants(args: usize): void {
  beta2 = <f32>numberAt(args, 0);
  oneLessBeta1 = <f32>numberAt(args, 1);
  oneLessBeta2 = <f32>numberAt(args, 2);
  epsilon = <f32>numberAt(args, 3);
  hasDecay = integerAt(args, 4) != 0;
}

/**
 * Copies what a row has beyond its last block to `target`, where a whole block may be worked on, the rest of it 0, or in a
 * table about 0.75: a 0 would never be settled.
 */
// @ts-ignore: decorator
@inline
function moveRest(target: usize, source: usize, bytes: usize, isTable: bool = false): void {
  memory.fill(target, isTable ? 0x3f : 0, BLOCK);
  memory.copy(target, source, bytes);
}

/** `steps` steps without a gradient on a row; `spare` is three blocks that may be overwritten. */
function replayRow(
  table: usize, first: usize, second: usize, rowBytes: usize, factors: usize, steps: i32, calmFrom: i32, spare: usize,
): void {
  const whole = rowBytes & ~(BLOCK - 1);
  for (let at: usize = 0; at < whole; at += BLOCK) {
    replayBlock(table + at, first + at, second + at, factors, steps, calmFrom);
  }
  const rest = rowBytes - whole;
  if (rest == 0) return;
  moveRest(spare, table + whole, rest, true);
  moveRest(spare + BLOCK, first + whole, rest);
  moveRest(spare + 2 * BLOCK, second + whole, rest);
  replayBlock(spare, spare + BLOCK, spare + 2 * BLOCK, factors, steps, calmFrom);
  memory.copy(table + whole, spare, rest);
  memory.copy(first + whole, spare + BLOCK, rest);
  memory.copy(second + whole, spare + 2 * BLOCK, rest);
}

/** One step with a gradient on a row; `spare` is four blocks that may be overwritten. */
function stepRow(
  table: usize, first: usize, second: usize, gradient: usize, rowBytes: usize, factors: usize, spare: usize,
): void {
  const whole = rowBytes & ~15;
  stepVectors(table, first, second, gradient, factors, whole);
  const rest = rowBytes - whole;
  if (rest == 0) return;
  moveRest(spare, table + whole, rest, true);
  moveRest(spare + BLOCK, first + whole, rest);
  moveRest(spare + 2 * BLOCK, second + whole, rest);
  moveRest(spare + 3 * BLOCK, gradient + whole, rest);
  stepVectors(spare, spare + BLOCK, spare + 2 * BLOCK, spare + 3 * BLOCK, factors, 16);
  memory.copy(table + whole, spare, rest);
  memory.copy(first + whole, spare + BLOCK, rest);
  memory.copy(second + whole, spare + 2 * BLOCK, rest);
}

/** The first of `count` ascending numbers that is at least `least`. */
function lowerBound(numbers: usize, count: i32, least: i32): i32 {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<i32>(numbers + (<usize>middle << 2)) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The next chunk of work: threads that come late, or get the lighter rows, take as many as there is time for. */
// @ts-ignore: decorator
@inline
function nextChunk(counter: usize): i32 {
  return atomic.add<i32>(counter, 1) * CHUNK_ROWS;
}

/**
 * Slots: the constants, then table, first moment, second moment, columns, factors of the step, spare memory of the threads
 * (256 bytes each), a counter at 0, gradient rows, values and count, the factor of the gradient, rows.
 */
export function adamW(args: usize, thread: i32, threads: i32): void {
  readConstants(args);
  const table = pointerAt(args, 5);
  const first = pointerAt(args, 6);
  const second = pointerAt(args, 7);
  const rowBytes = pointerAt(args, 8) << 2;
  const factors = pointerAt(args, 9);
  const spare = pointerAt(args, 10) + (<usize>thread << 8);
  const counter = pointerAt(args, 11);
  const gradientRows = pointerAt(args, 12);
  const values = pointerAt(args, 13);
  const count = integerAt(args, 14);
  gradientScale = <f32>numberAt(args, 15);
  const rows = integerAt(args, 16);
  for (let begin = nextChunk(counter); begin < rows; begin = nextChunk(counter)) {
    const end = min(begin + CHUNK_ROWS, rows);
    let next = lowerBound(gradientRows, count, begin);
    for (let row = begin; row < end; row++) {
      const at = <usize>row * rowBytes;
      if (next < count && load<i32>(gradientRows + (<usize>next << 2)) == row) {
        stepRow(table + at, first + at, second + at, values + <usize>next * rowBytes, rowBytes, factors, spare);
        next++;
      } else {
        replayRow(table + at, first + at, second + at, rowBytes, factors, 1, 1, spare);
      }
    }
  }
}

/** Slots as those of `adamW` without the last; rows without a gradient are left as they are. */
export function adamWRows(args: usize, thread: i32, threads: i32): void {
  readConstants(args);
  const table = pointerAt(args, 5);
  const first = pointerAt(args, 6);
  const second = pointerAt(args, 7);
  const rowBytes = pointerAt(args, 8) << 2;
  const factors = pointerAt(args, 9);
  const spare = pointerAt(args, 10) + (<usize>thread << 8);
  const counter = pointerAt(args, 11);
  const gradientRows = pointerAt(args, 12);
  const values = pointerAt(args, 13);
  const count = integerAt(args, 14);
  gradientScale = <f32>numberAt(args, 15);
  for (let begin = nextChunk(counter); begin < count; begin = nextChunk(counter)) {
    const end = min(begin + CHUNK_ROWS, count);
    for (let i = begin; i < end; i++) {
      const at = <usize>load<u32>(gradientRows + (<usize>i << 2)) * rowBytes;
      stepRow(table + at, first + at, second + at, values + <usize>i * rowBytes, rowBytes, factors, spare);
    }
  }
}

/**
 * Slots: the constants, then table, first moment, second moment, columns, factors of all steps, spare memory of the threads
 * (256 bytes each), a counter at 0, rows, by row its first missed step, how many rows, steps, the first calm step, and how
 * far from 0 a settled value is.
 */
export function adamWReplay(args: usize, thread: i32, threads: i32): void {
  readConstants(args);
  const table = pointerAt(args, 5);
  const first = pointerAt(args, 6);
  const second = pointerAt(args, 7);
  const rowBytes = pointerAt(args, 8) << 2;
  const factors = pointerAt(args, 9);
  const spare = pointerAt(args, 10) + (<usize>thread << 8);
  const counter = pointerAt(args, 11);
  const rows = pointerAt(args, 12);
  const missedSteps = pointerAt(args, 13);
  const count = integerAt(args, 14);
  const steps = integerAt(args, 15);
  const calmFrom = integerAt(args, 16);
  floor = <f32>numberAt(args, 17);
  for (let begin = nextChunk(counter); begin < count; begin = nextChunk(counter)) {
    const end = min(begin + CHUNK_ROWS, count);
    for (let i = begin; i < end; i++) {
      const at = <usize>load<u32>(rows + (<usize>i << 2)) * rowBytes;
      const from = load<i32>(missedSteps + (<usize>i << 2));
      const own = factors + <usize>from * FACTOR_BYTES;
      replayRow(table + at, first + at, second + at, rowBytes, own, steps - from, max(0, calmFrom - from), spare);
    }
  }
}
