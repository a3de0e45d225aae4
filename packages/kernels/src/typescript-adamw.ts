import type { AdamWReplay, AdamWStep, AdamWStepOptions, AdamWTable, SparseRows } from '@embedbag/core';

/** See {@link Kernels.gradientNorm}. */
export function gradientNorm(gradient: SparseRows): number {
  const { values } = gradient;
  const length = gradient.count * gradient.columns;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** What all values of one step share. */
type Rates = Pick<AdamWStep, 'learningRate' | 'biasCorrection1' | 'biasCorrection2'>;
/** A gradient and what it is multiplied by. */
type ScaledGradient = Pick<AdamWStep, 'gradient' | 'gradientScale'>;

/** See {@link Kernels.startAdamW}. Follows torch/optim/adamw.py. */
export function adamW(step: AdamWStep, { onlyTouched = false }: AdamWStepOptions = {}): void {
  const { gradient } = step;
  let next = 0;
  for (let row = 0; row < step.table.rows; row++) {
    if (next < gradient.count && gradient.rows[next] === row) {
      updateRow(step, step, row, step, next);
      next += 1;
    } else if (!onlyTouched) {
      updateRow(step, step, row);
    }
  }
}

/** See {@link Kernels.adamWReplay}. */
export function adamWReplay(replay: AdamWReplay): void {
  const { rates, steps } = replay;
  for (let i = 0; i < replay.count; i++) {
    for (let step = replay.firstMissed[i]!; step < steps; step++) {
      const [learningRate, biasCorrection1, biasCorrection2] = rates.subarray(step * 3, step * 3 + 3);
      const ratesOfStep = { learningRate, biasCorrection1, biasCorrection2 } as Rates;
      updateRow(replay, ratesOfStep, replay.rows[i]!);
    }
  }
}

/** One row of the table; without `scaled` its gradient is zero, else row `slot` of it. */
function updateRow(table: AdamWTable, rates: Rates, row: number, scaled?: ScaledGradient, slot = 0): void {
  const { firstMoment, secondMoment, beta1, beta2, epsilon } = table;
  const { data, columns } = table.table;
  const decay = 1 - rates.learningRate * table.weightDecay;
  const stepSize = rates.learningRate / rates.biasCorrection1;
  const root = Math.sqrt(rates.biasCorrection2);
  for (let column = 0; column < columns; column++) {
    const i = row * columns + column;
    const g = scaled === undefined ? 0 : scaled.gradient.values[slot * columns + column]! * scaled.gradientScale;
    const m = beta1 * firstMoment[i]! + (1 - beta1) * g;
    const v = beta2 * secondMoment[i]! + (1 - beta2) * g * g;
    firstMoment[i] = m;
    secondMoment[i] = v;
    data[i] = data[i]! * decay - (stepSize * m) / (Math.sqrt(v) / root + epsilon);
  }
}
