const LANES = 8;
/** Values that are added side by side: four vectors of eight lanes. */
const WIDTH = 32;
const LEVELS = 4;
const LOG2_STEPS = 4;
const STEPS = 1 << LOG2_STEPS;

const partial = new Float32Array(LEVELS * WIDTH);

/** After `step` steps: moves the sums of a level whose steps are full one level up, and so on. */
function carry(step: number): void {
  for (let level = 1; level < LEVELS; level++) {
    for (let lane = 0; lane < WIDTH; lane++) {
      partial[level * WIDTH + lane]! += partial[(level - 1) * WIDTH + lane]!;
      partial[(level - 1) * WIDTH + lane] = 0;
    }
    if ((step & ((STEPS - 1) << (level * LOG2_STEPS))) !== 0) break;
  }
}

/**
 * The sum of the first `length` of `values` in float32, in the order of PyTorch's sum over a row: 32 sums side by side, of
 * which every 16 steps are added to those of a higher level, then the rest. For lengths of at least 8 that divide by 4 the
 * bits are PyTorch's.
 */
export function float32Sum(values: Float32Array, length: number): number {
  partial.fill(0);
  const steps = Math.floor(length / WIDTH);
  for (let step = 0; step < steps; step++) {
    for (let lane = 0; lane < WIDTH; lane++) partial[lane]! += values[step * WIDTH + lane]!;
    if ((step + 1) % STEPS === 0) carry(step + 1);
  }
  for (let at = WIDTH; at < partial.length; at++) partial[at % WIDTH]! += partial[at]!;
  const vectors = length - (length % LANES);
  for (let at = steps * WIDTH; at < vectors; at++) partial[at % LANES]! += values[at]!;
  for (let lane = LANES; lane < WIDTH; lane++) partial[lane % LANES]! += partial[lane]!;
  let sum = 0;
  for (let at = vectors; at < length; at++) sum = Math.fround(sum + values[at]!);
  for (let lane = 0; lane < LANES; lane++) sum = Math.fround(sum + partial[lane]!);
  return sum;
}

/** The Euclidean norm of `length` values from `start` in float32, in the order of PyTorch: eight sums, then the rest. */
export function float32Norm(values: Float32Array, start: number, length: number): number {
  partial.fill(0, 0, LANES);
  const vectors = length - (length % LANES);
  for (let at = 0; at < vectors; at++) {
    const value = values[start + at]!;
    partial[at % LANES]! += Math.fround(value * value);
  }
  let sum = 0;
  for (let lane = 0; lane < LANES; lane++) sum = Math.fround(sum + partial[lane]!);
  for (let at = vectors; at < length; at++) {
    const value = values[start + at]!;
    sum = Math.fround(sum + Math.fround(value * value));
  }
  return Math.fround(Math.sqrt(sum));
}
