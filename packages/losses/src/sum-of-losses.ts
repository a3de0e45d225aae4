import { EmbedbagError, LOSS_CONTRACT, type Loss, type LossColumns, type LossComputeInput } from '@embedbag/core';
import { invalidOption } from './invalid-option.js';

/** The options of {@link sumOfLosses}. */
export interface SumOfLossesOptions {
  /** By loss, what it is multiplied with. Default: 1 each. */
  readonly weights?: readonly number[];
}

function checkWeights(losses: readonly Loss[], options: SumOfLossesOptions): readonly number[] {
  if (losses.length === 0) invalidOption('losses', 'to have at least one loss', [], 'Add one.');
  const weights = options.weights ?? losses.map(() => 1);
  if (weights.length !== losses.length) {
    invalidOption('weights', `to be as many as the ${losses.length} losses`, weights.length, 'Give one weight a loss.');
  }
  for (const weight of weights) {
    if (!Number.isFinite(weight)) invalidOption('weights', 'to be finite numbers', weight, 'Use 1 where unsure.');
  }
  return weights;
}

/** The columns that all losses can work with; throws `losses-do-not-fit` where there are none. */
function sharedColumns(losses: readonly Loss[]): LossColumns {
  const min = Math.max(...losses.map(({ columns }) => columns.min));
  const max = Math.min(...losses.map(({ columns }) => columns.max ?? Number.POSITIVE_INFINITY));
  const labels = [...new Set(losses.map(({ columns }) => columns.labels))].filter((kind) => kind !== 'none');
  if (min <= max && labels.length <= 1) {
    return { min, ...(max === Number.POSITIVE_INFINITY ? {} : { max }), labels: labels[0] ?? 'none' };
  }
  const described = losses.map(({ name, columns }) => {
    const count = columns.max === undefined ? `${columns.min} or more` : `${columns.min} to ${columns.max}`;
    return `\`${name}\` with ${count} columns and ${columns.labels === 'none' ? 'no' : columns.labels} labels`;
  });
  throw new EmbedbagError({
    code: 'losses-do-not-fit',
    message: `Expected losses that can work with the same columns and labels, received ${described.join(', ')}. Give each loss a dataset of its own.`,
  });
}

function scale(gradients: readonly Float32Array[], length: number, weight: number): void {
  if (weight === 1) return;
  for (const gradient of gradients) for (let i = 0; i < length; i++) gradient[i]! *= weight;
}

/** Adds the other losses to the first one's value and gradients. */
function computeSum(
  losses: readonly Loss[],
  weights: readonly number[],
  input: LossComputeInput<readonly unknown[] | undefined>,
  gradients: readonly Float32Array[] | undefined,
): number {
  const { rows, dimension, kernels } = input;
  const inputOf = (index: number): LossComputeInput => ({ ...input, prepared: input.prepared?.[index] });
  const length = rows * dimension;
  let sum = weights[0]! * losses[0]!.compute(inputOf(0), gradients);
  if (gradients) scale(gradients, length, weights[0]!);
  const needed = gradients !== undefined && losses.length > 1;
  const parts = needed ? gradients.map(() => kernels.allocateFloat32(length)) : undefined;
  try {
    for (let index = 1; index < losses.length; index++) {
      const weight = weights[index]!;
      sum += weight * losses[index]!.compute(inputOf(index), parts);
      for (const [column, part] of (parts ?? []).entries()) {
        const gradient = gradients![column]!;
        for (let i = 0; i < length; i++) gradient[i]! += weight * part[i]!;
      }
    }
    return sum;
  } finally {
    for (const part of parts ?? []) kernels.release(part);
  }
}

/**
 * SumOfLosses: the weighted sum of several losses over the same batch, as a main loss and a regularisation.
 *
 * Inputs and labels: those that all of the losses can work with. Requirements: not one loss that takes scores and one that
 * takes classes. Recommendations: weights that bring the parts to one size.
 *
 * Relations: with a loss a dataset, `train({ loss: { first: ..., second: ... } })`, each loss has its own batches instead.
 * `matryoshkaLoss` inside a sum is fused, a sum inside `matryoshkaLoss` is evaluated once a dim.
 *
 * Reference: sentence-transformers 6.2 adds the values of a loss that returns several.
 *
 * @throws EmbedbagError `invalid-loss-option` and `losses-do-not-fit`.
 *
 * @example
 * ```ts
 * const loss = sumOfLosses([multipleNegativesRankingLoss(), globalOrthogonalRegularization()], { weights: [1, 0.1] });
 * ```
 */
export function sumOfLosses(
  losses: readonly Loss[],
  options: SumOfLossesOptions = {},
): Loss<readonly unknown[] | undefined> {
  const weights = checkWeights(losses, options);
  const citations = [...new Set(losses.map(({ citation }) => citation).filter((citation) => citation !== undefined))];
  const loss: Loss<readonly unknown[] | undefined> = {
    contract: LOSS_CONTRACT,
    name: 'SumOfLosses',
    config: { losses: losses.map(({ name, config }) => ({ loss: name, lossConfig: config })), weights: [...weights] },
    columns: sharedColumns(losses),
    workingMatrices: (columnCount) =>
      Math.max(...losses.map((part) => part.workingMatrices?.(columnCount) ?? 0)) +
      (losses.length > 1 ? columnCount : 0),
    ...(citations.length === 0 ? {} : { citation: citations.join('\n\n') }),
    compute: (input, gradients) => computeSum(losses, weights, input, gradients),
  };
  if (losses.every(({ prepare }) => prepare === undefined)) return loss;
  return {
    ...loss,
    async prepare(input, signal): Promise<readonly unknown[]> {
      const prepared: unknown[] = [];
      // One after the other: they draw from one source of chance.
      for (const part of losses) prepared.push(await part.prepare?.(input, signal));
      return prepared;
    },
  };
}
