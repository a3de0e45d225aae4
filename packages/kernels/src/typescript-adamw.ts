import type { AdamWStep, SparseRows } from '@embedbag/core';

/** See {@link Kernels.gradientNorm}. */
export function gradientNorm(gradient: SparseRows): number {
  const { values } = gradient;
  const length = gradient.count * gradient.columns;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** See {@link Kernels.adamW}: every row is updated, also those whose gradient is zero. Follows torch/optim/adamw.py. */
export function adamW(step: AdamWStep): void {
  const { rows, columns } = step.table;
  const { gradient } = step;
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (next < gradient.count && gradient.rows[next] === row) {
      updateRow(step, row * columns, next * columns);
      next += 1;
    } else {
      updateRow(step, row * columns, -1);
    }
  }
}

/** One row of the table; `gradientStart` is -1 where the gradient is zero. */
function updateRow(step: AdamWStep, start: number, gradientStart: number): void {
  const { table, firstMoment, secondMoment, gradientScale, beta1, beta2, epsilon, learningRate } = step;
  const { data, columns } = table;
  const { values } = step.gradient;
  const decay = 1 - learningRate * step.weightDecay;
  const stepSize = learningRate / step.biasCorrection1;
  const root = Math.sqrt(step.biasCorrection2);
  for (let column = 0; column < columns; column++) {
    const i = start + column;
    const g = gradientStart < 0 ? 0 : values[gradientStart + column]! * gradientScale;
    const m = beta1 * firstMoment[i]! + (1 - beta1) * g;
    const v = beta2 * secondMoment[i]! + (1 - beta2) * g * g;
    firstMoment[i] = m;
    secondMoment[i] = v;
    data[i] = data[i]! * decay - (stepSize * m) / (Math.sqrt(v) / root + epsilon);
  }
}
