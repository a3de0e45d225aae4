/** ln 2 as a sum of two numbers, the first with 21 zero bits at its end, so that its product with a small integer is exact (fdlibm). */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** The argument is split at multiples of ln 2 / STEPS. */
const STEPS = 32;

/** `2^(j / STEPS)`, j = 0..STEPS - 1. */
const FRACTIONAL_POWERS: Float64Array = fractionalPowers();

/** `2^-n`, n = 0..1074. */
const NEGATIVE_POWERS: Float64Array = negativePowers();

function fractionalPowers(): Float64Array {
  return Float64Array.from({ length: STEPS }, (_, j) => {
    const x = (j * LN2_HIGH) / STEPS + (j * LN2_LOW) / STEPS;
    let series = 1;
    for (let n = 24; n >= 1; n--) series = 1 + (series * x) / n;
    return series;
  });
}

function negativePowers(): Float64Array {
  const values = new Float64Array(1075);
  let power = 1;
  for (let n = 0; n < values.length; n++) {
    values[n] = power;
    power /= 2;
  }
  return values;
}

/**
 * `e^x` for `x <= 0`, from basic arithmetic alone, so that every engine gives the same bits; relative error below 1e-15.
 *
 * `e^x = 2^(k / 32) e^r` with `|r| <= ln2 / 64`: a table and six terms of the series.
 */
export function exponential(x: number): number {
  if (x < -744) return 0;
  const k = Math.floor(x * (STEPS * Math.LOG2E) + 0.5);
  const r = x - k * (LN2_HIGH / STEPS) - k * (LN2_LOW / STEPS);
  const series = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720))))));
  const whole = k >> 5;
  return series * FRACTIONAL_POWERS[k - whole * STEPS]! * NEGATIVE_POWERS[-whole]!;
}

/**
 * The natural logarithm of a finite `x >= 1`, from basic arithmetic alone; relative error below 1e-15.
 *
 * With `x = 2^k m` and `m` in `[sqrt(1/2), sqrt(2))`, `log m = 2 artanh((m - 1) / (m + 1))`.
 */
export function logarithm(x: number): number {
  let mantissa = x;
  let k = 0;
  while (mantissa >= Math.SQRT2) {
    mantissa /= 2;
    k += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const z = s * s;
  let series = 0;
  for (let n = 23; n >= 1; n -= 2) series = series * z + 1 / n;
  return k * LN2_HIGH + (2 * s * series + k * LN2_LOW);
}
