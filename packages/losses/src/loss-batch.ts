import { EmbedbagError, type LossColumns, type LossComputeInput } from '@embedbag/core';

/** Throws `wrong-columns` where a batch has fewer or more text columns than the loss takes; `roles` names them. */
export function checkColumns(loss: string, { min, max }: LossColumns, received: number, roles: string): void {
  if (received >= min && received <= (max ?? received)) return;
  const count = min === max ? `${min}` : max === undefined ? `at least ${min}` : `${min} to ${max}`;
  throw new EmbedbagError({
    code: 'wrong-columns',
    message: `Expected \`${loss}\` to get ${count} ${max === 1 ? 'column' : 'columns'}, ${roles}, received ${received}. Choose other columns when the dataset is read.`,
    details: { min, max: max ?? null, received },
  });
}

/** The labels of a batch, one a row; throws `wrong-labels` where there are none, another number, or one is not finite. */
export function rowLabels(loss: string, { labels, rows }: LossComputeInput): Float32Array {
  if (labels?.length === rows) return checkFinite(loss, labels);
  throw new EmbedbagError({
    code: 'wrong-labels',
    message: `Expected \`${loss}\` to get one label a row, ${rows} in all, received ${labels?.length ?? 'none'}. Give the dataset a column of labels.`,
    details: { expected: rows, received: labels?.length ?? 0 },
  });
}

/** Returns `labels`; throws `wrong-labels` where one is not a finite number. */
export function checkFinite(loss: string, labels: Float32Array): Float32Array {
  const index = labels.findIndex((label) => !Number.isFinite(label));
  if (index < 0) return labels;
  throw new EmbedbagError({
    code: 'wrong-labels',
    message: `Expected the labels of \`${loss}\` to be finite numbers, received ${labels[index]} at position ${index} of the batch. Drop the row or correct it.`,
    details: { index },
  });
}

/** Fills the gradients of a batch with zeros, for losses that add to them. */
export function clearGradients({ rows, dimension }: LossComputeInput, gradients?: readonly Float32Array[]): void {
  for (const gradient of gradients ?? []) gradient.fill(0, 0, rows * dimension);
}

/** Returns what the loss prepared for the batch; throws `not-prepared` where there is nothing. */
export function expectPrepared<Prepared>(loss: string, prepared: Prepared | undefined): Prepared {
  if (prepared !== undefined) return prepared;
  throw new EmbedbagError({
    code: 'not-prepared',
    message: `Expected \`${loss}\` to get what its \`prepare\` returned for the batch, received nothing. Call \`prepare\` first and pass its result as \`prepared\`.`,
  });
}
