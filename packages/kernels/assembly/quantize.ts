// Rows of float32 as codes of 8 bits, and as single bits. `flip` is 0x80 for signed bytes, which are 128 less, or 0.
import { integerAt, partStart, pointerAt } from './arguments';

/**
 * Four quotients as whole numbers. Truncating is the floor of everything that is not clipped to 0, and NaN gives 0; what is
 * out of range is clipped by narrowing to bytes.
 */
// @ts-ignore: decorator
@inline
function fourQuotients(values: usize, minima: usize, steps: usize): v128 {
  const distances = f32x4.sub(v128.load(values), v128.load(minima));
  return i32x4.trunc_sat_f32x4_s(f32x4.div(distances, v128.load(steps)));
}

/** The codes of one row of `columns` values. */
// @ts-ignore: decorator
@inline
function scalarRow(values: usize, columns: i32, minima: usize, steps: usize, out: usize, flip: i32): void {
  const flips = i8x16.splat(<i8>flip);
  const stop = out + <usize>columns;
  for (; out + 16 <= stop; out += 16) {
    const low = i16x8.narrow_i32x4_s(
      fourQuotients(values, minima, steps),
      fourQuotients(values + 16, minima + 16, steps + 16),
    );
    const high = i16x8.narrow_i32x4_s(
      fourQuotients(values + 32, minima + 32, steps + 32),
      fourQuotients(values + 48, minima + 48, steps + 48),
    );
    v128.store(out, v128.xor(i8x16.narrow_i16x8_u(low, high), flips));
    values += 64;
    minima += 64;
    steps += 64;
  }
  for (; out + 4 <= stop; out += 4) {
    const quotients = fourQuotients(values, minima, steps);
    const words = i16x8.narrow_i32x4_s(quotients, quotients);
    store<i32>(out, i32x4.extract_lane(v128.xor(i8x16.narrow_i16x8_u(words, words), flips), 0));
    values += 16;
    minima += 16;
    steps += 16;
  }
  for (; out < stop; out++) {
    const quotient = (load<f32>(values) - load<f32>(minima)) / load<f32>(steps);
    const code = quotient > 0 ? (quotient < 255 ? <i32>quotient : 255) : 0;
    store<u8>(out, <u8>(code ^ flip));
    values += 4;
    minima += 4;
    steps += 4;
  }
}

/** Slots: values, rows, columns, minima, steps, out, flip. */
export function quantizeScalar(args: usize, thread: i32, threads: i32): void {
  const values = pointerAt(args, 0);
  const rows = integerAt(args, 1);
  const columns = integerAt(args, 2);
  const minima = pointerAt(args, 3);
  const steps = pointerAt(args, 4);
  const out = pointerAt(args, 5);
  const flip = integerAt(args, 6);
  const end = partStart(rows, thread + 1, threads);
  for (let row = partStart(rows, thread, threads); row < end; row++) {
    const first = <usize>row * <usize>columns;
    scalarRow(values + (first << 2), columns, minima, steps, out + first, flip);
  }
}

/** The bits of 16 values in two bytes, the first value in the highest bit of the low byte. */
// @ts-ignore: decorator
@inline
function sixteenBits(values: usize): i32 {
  const zeros = f32x4.splat(0);
  const low = i16x8.narrow_i32x4_s(
    f32x4.gt(v128.load(values), zeros),
    f32x4.gt(v128.load(values, 16), zeros),
  );
  const high = i16x8.narrow_i32x4_s(
    f32x4.gt(v128.load(values, 32), zeros),
    f32x4.gt(v128.load(values, 48), zeros),
  );
  const bytes = i8x16.narrow_i16x8_s(low, high);
  // A bit mask has lane 0 in its lowest bit: turn each octet round.
  return i8x16.bitmask(i8x16.shuffle(bytes, bytes, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));
}

/** The bits of one row of `columns` values. */
// @ts-ignore: decorator
@inline
function binaryRow(values: usize, columns: i32, out: usize, flip: i32): void {
  const stop = values + (<usize>columns << 2);
  for (; values + 64 <= stop; values += 64) {
    store<u16>(out, <u16>(sixteenBits(values) ^ (flip * 0x101)));
    out += 2;
  }
  while (values < stop) {
    let bits = 0;
    for (let bit = 0x80; bit > 0 && values < stop; bit >>= 1) {
      if (load<f32>(values) > 0) bits |= bit;
      values += 4;
    }
    store<u8>(out, <u8>(bits ^ flip));
    out++;
  }
}

/** Slots: values, rows, columns, out, flip. */
export function quantizeBinary(args: usize, thread: i32, threads: i32): void {
  const values = pointerAt(args, 0);
  const rows = integerAt(args, 1);
  const columns = integerAt(args, 2);
  const out = pointerAt(args, 3);
  const flip = integerAt(args, 4);
  const rowBytes = <usize>((columns + 7) >> 3);
  const end = partStart(rows, thread + 1, threads);
  for (let row = partStart(rows, thread, threads); row < end; row++) {
    binaryRow(values + ((<usize>row * <usize>columns) << 2), columns, out + <usize>row * rowBytes, flip);
  }
}
