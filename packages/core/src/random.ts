/** The state of a {@link Random}, four 32-bit words and a spare normal, as plain JSON. */
export interface RandomState {
  readonly words: readonly [number, number, number, number];
  readonly spareNormal: number | null;
}

/** A seeded source of random numbers, the same on every engine. */
export interface Random {
  /** A whole number in `[0, 2^32)`. */
  uint32(): number;
  /** A number in `[0, 1)` with 53 random bits. */
  uniform(): number;
  /** A whole number in `[0, bound)`, without bias; `bound` at most 2^32. */
  below(bound: number): number;
  /** A standard normal number. */
  normal(): number;
  /** Puts `items` into random order, in place (Fisher-Yates). */
  shuffle(items: Int32Array | Uint32Array | unknown[]): void;
  state(): RandomState;
}

const TWO_TO_MINUS_53 = 1 / 9007199254740992;

/** One step of splitmix32: spreads a seed over 32 bits. */
function splitmix32(state: { value: number }): number {
  state.value = (state.value + 0x9e3779b9) | 0;
  let z = state.value;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

const LN2 = Math.LN2;
// Coefficients of the odd powers of artanh. A loop that divides takes twice the time of a whole table of normals.
const C3 = 1 / 3;
const C5 = 1 / 5;
const C7 = 1 / 7;
const C9 = 1 / 9;
const C11 = 1 / 11;
const C13 = 1 / 13;
const C15 = 1 / 15;
const C17 = 1 / 17;
const C19 = 1 / 19;
const C21 = 1 / 21;
const bits = new DataView(new ArrayBuffer(8));

/**
 * Natural logarithm of a normal, positive number from basic arithmetic alone, so that every engine gives the same bits.
 * With `x = 2^k * m`, `m` in [sqrt(1/2), sqrt(2))`, `log m = 2 artanh((m - 1) / (m + 1))`; error below 4e-16 relative.
 */
function naturalLogarithm(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = ((high >>> 20) & 0x7ff) - 1023;
  bits.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const z = s * s;
  let series = C21;
  series = series * z + C19;
  series = series * z + C17;
  series = series * z + C15;
  series = series * z + C13;
  series = series * z + C11;
  series = series * z + C9;
  series = series * z + C7;
  series = series * z + C5;
  series = series * z + C3;
  return exponent * LN2 + 2 * s * (series * z + 1);
}

class Xoshiro128 implements Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;
  private spare: number | null;

  constructor(state: RandomState) {
    [this.a, this.b, this.c, this.d] = state.words;
    this.spare = state.spareNormal;
  }

  uint32(): number {
    const sum = (this.a + this.d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.a) >>> 0;
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) * TWO_TO_MINUS_53;
  }

  below(bound: number): number {
    for (;;) {
      const value = this.uint32();
      // Most values are far below the limit, which takes a slow division.
      if (value < 4294967296 - bound || value < 4294967296 - (4294967296 % bound)) return value % bound;
    }
  }

  normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * naturalLogarithm(s)) / s);
      this.spare = v * factor;
      return u * factor;
    }
  }

  shuffle(items: Int32Array | Uint32Array | unknown[]): void {
    const array = items as unknown[];
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = array[i];
      array[i] = array[j];
      array[j] = held;
    }
  }

  state(): RandomState {
    return { words: [this.a >>> 0, this.b >>> 0, this.c >>> 0, this.d >>> 0], spareNormal: this.spare };
  }
}

/**
 * A random source for `seed`; `stream` names what it is for, so that two uses of one seed do not share numbers.
 *
 * xoshiro128++ (Blackman and Vigna, 2019), seeded by splitmix32; normals by Marsaglia's polar method.
 *
 * @example
 * ```ts
 * const random = createRandom(42, 'initial-table');
 * const first = random.normal();
 * ```
 */
export function createRandom(seed: number, stream = ''): Random {
  const state = { value: (seed >>> 0) ^ Math.imul(Math.floor(seed / 4294967296) | 0, 0x85ebca6b) };
  for (let i = 0; i < stream.length; i++) state.value = (splitmix32(state) ^ stream.charCodeAt(i)) | 0;
  const words = [splitmix32(state), splitmix32(state), splitmix32(state), splitmix32(state)] as const;
  return new Xoshiro128({ words, spareNormal: null });
}

/** The random source whose `state()` was `state`. */
export function restoreRandom(state: RandomState): Random {
  return new Xoshiro128(state);
}
