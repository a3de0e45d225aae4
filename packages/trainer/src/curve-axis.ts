/** A line to draw: points by step. */
export interface CurveSeries {
  readonly name: string;
  /** In order of their steps. */
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** The values of an axis, and where they lie. */
export interface CurveAxis {
  readonly ticks: readonly number[];
  readonly isLogarithmic: boolean;
  /** From 0 at the low end of the axis to 1. */
  position(value: number): number;
}

/** From which ratio of the largest to the smallest value on an axis is logarithmic. */
const LOGARITHMIC_FROM = 8;
const MOST_TICKS = 6;

/** The smallest of 1, 2, 5, 10, 20, ... times a power of ten that is at least `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * (least <= power ? 1 : least <= 2 * power ? 2 : least <= 5 * power ? 5 : 10);
}

/** An axis in even steps that holds `low` and `high`. */
export function linearAxis(low: number, high: number): CurveAxis {
  // One value alone lies in the middle.
  if (low === high) return linearAxis(low - (Math.abs(low) / 10 || 1), high + (Math.abs(high) / 10 || 1));
  const step = roundStep((high - low) / (MOST_TICKS - 1));
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [from, to] = [first * step, last * step];
  return { ticks, isLogarithmic: false, position: (value) => (value - from) / (to - from) };
}

/** An axis for losses: in powers of ten where they span much and all are above 0. */
export function lossAxis(low: number, high: number): CurveAxis {
  if (low <= 0 || high / low < LOGARITHMIC_FROM) return linearAxis(Math.min(0, low), high);
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const margin = (to - from) * 0.05;
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(from); power <= high; power *= 10) {
    for (const factor of [1, 2, 5]) {
      const tick = Number((power * factor).toPrecision(12));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  const position = (value: number): number => (Math.log10(value) - from + margin) / (to - from + 2 * margin);
  return { ticks, isLogarithmic: true, position };
}

/** At most `most` points: the means of neighbours, and the last point as it is. */
export function thinned(points: CurveSeries['points'], most: number): CurveSeries['points'] {
  if (points.length <= most) return points;
  const size = Math.ceil(points.length / (most - 1));
  const means: (readonly [number, number])[] = [];
  for (let first = 0; first < points.length; first += size) {
    const group = points.slice(first, first + size);
    const mean = (index: 0 | 1): number => group.reduce((sum, point) => sum + point[index], 0) / group.length;
    means.push([mean(0), mean(1)]);
  }
  return [...means.slice(0, -1), points.at(-1)!];
}
