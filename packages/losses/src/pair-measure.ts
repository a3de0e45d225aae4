/** Which measures of two vectors there are. */
export type PairMeasureName = 'cosine' | 'dot' | 'euclidean' | 'manhattan';

/** Two rows of the same number in two matrices. */
export interface Pair {
  readonly a: Float32Array;
  readonly b: Float32Array;
  /** Where the row begins in both. */
  readonly offset: number;
  readonly dimension: number;
}

/** The matrices that a gradient is added to, at the pair's offset; undefined where one side is fixed. */
export interface PairGradients {
  readonly a: Float32Array | undefined;
  readonly b: Float32Array | undefined;
}

/** A similarity or a distance of two vectors, and its derivative, all arithmetic in float64. */
export interface PairMeasure {
  value(pair: Pair): number;
  /** Adds `weight` times the derivative of {@link value} by both vectors. */
  addGradient(pair: Pair, weight: number, gradients: PairGradients): void;
}

/** A row whose norm is not above this has cosine 0 with everything, and a gradient of zero. */
export const ZERO_NORM = 1e-12;

function addPair(
  { a, b, offset, dimension }: Pair,
  gradients: PairGradients,
  byA: (x: number, y: number) => number,
  byB: (x: number, y: number) => number,
): void {
  for (let d = offset; d < offset + dimension; d++) {
    const x = a[d]!;
    const y = b[d]!;
    if (gradients.a) gradients.a[d]! += byA(x, y);
    if (gradients.b) gradients.b[d]! += byB(x, y);
  }
}

function dotValue({ a, b, offset, dimension }: Pair): number {
  let sum = 0;
  for (let d = offset; d < offset + dimension; d++) sum += a[d]! * b[d]!;
  return sum;
}

const dot: PairMeasure = {
  value: dotValue,
  addGradient(pair, weight, gradients) {
    addPair(
      pair,
      gradients,
      (_, y) => weight * y,
      (x) => weight * x,
    );
  },
};

/** `1 / norm` of one side, 0 for a zero row. */
function inverseNorm(values: Float32Array, { offset, dimension }: Pair): number {
  let squares = 0;
  for (let d = offset; d < offset + dimension; d++) squares += values[d]! * values[d]!;
  const norm = Math.sqrt(squares);
  return norm > ZERO_NORM ? 1 / norm : 0;
}

const cosine: PairMeasure = {
  value: (pair) => dotValue(pair) * inverseNorm(pair.a, pair) * inverseNorm(pair.b, pair),
  addGradient(pair, weight, gradients) {
    const n = inverseNorm(pair.a, pair);
    const m = inverseNorm(pair.b, pair);
    const radial = dotValue(pair) * n * m;
    addPair(
      pair,
      gradients,
      (x, y) => weight * n * (y * m - radial * x * n),
      (x, y) => weight * m * (x * n - radial * y * m),
    );
  },
};

/** `shift` is added to every difference: what keeps PyTorch's `pairwise_distance` differentiable at equal vectors. */
function euclidean(shift: number): PairMeasure {
  const value = ({ a, b, offset, dimension }: Pair): number => {
    let squares = 0;
    for (let d = offset; d < offset + dimension; d++) {
      const difference = a[d]! - b[d]! + shift;
      squares += difference * difference;
    }
    return Math.sqrt(squares);
  };
  return {
    value,
    addGradient(pair, weight, gradients) {
      const distance = value(pair);
      if (distance <= ZERO_NORM) return;
      const share = weight / distance;
      addPair(
        pair,
        gradients,
        (x, y) => share * (x - y + shift),
        (x, y) => share * (y - x - shift),
      );
    },
  };
}

function manhattan(shift: number): PairMeasure {
  return {
    value({ a, b, offset, dimension }) {
      let sum = 0;
      for (let d = offset; d < offset + dimension; d++) sum += Math.abs(a[d]! - b[d]! + shift);
      return sum;
    },
    addGradient(pair, weight, gradients) {
      addPair(
        pair,
        gradients,
        (x, y) => weight * Math.sign(x - y + shift),
        (x, y) => -weight * Math.sign(x - y + shift),
      );
    },
  };
}

/**
 * The measure of that name: `cosine` and `dot` are similarities, `euclidean` and `manhattan` distances.
 *
 * A row with norm at most 1e-12 has cosine 0 and no gradient; so have equal rows no gradient of their distance, unless a
 * `shift` is added to every difference. Default: 0.
 */
export function pairMeasure(name: PairMeasureName, options: { readonly shift?: number } = {}): PairMeasure {
  const { shift = 0 } = options;
  switch (name) {
    case 'cosine':
      return cosine;
    case 'dot':
      return dot;
    case 'euclidean':
      return euclidean(shift);
    case 'manhattan':
      return manhattan(shift);
  }
}
