import { EmbedbagError, isEmbedbagError } from '@embedbag/core';
import type { TextBatch } from './text-batch.js';

const ROWS_IN_MESSAGE = 8;

/** Whether `error` is how something told that `signal` stopped it. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  if (error === signal.reason) return true;
  return isEmbedbagError(error) ? error.code === 'aborted' : error instanceof Error && error.name === 'AbortError';
}

/** The error of a step whose loss or gradient is NaN or infinite; the table is still that of the step before. */
export function nonFiniteError(step: number, batch: TextBatch, loss: number, gradientNorm: number): EmbedbagError {
  const rows = [...batch.rows];
  const first = rows.slice(0, ROWS_IN_MESSAGE).join(', ');
  const more = rows.length > ROWS_IN_MESSAGE ? ` and ${rows.length - ROWS_IN_MESSAGE} more` : '';
  return new EmbedbagError({
    code: 'non-finite-loss',
    message: `Expected a finite loss and gradient, received loss ${loss} and gradient norm ${gradientNorm} at step ${step}, in a batch of dataset \`${batch.dataset.name}\`, rows ${first}${more}. Check those rows and the loss, or lower \`learningRate\`.`,
    details: {
      step,
      dataset: batch.dataset.name,
      rows,
      loss: String(loss),
      gradientNorm: String(gradientNorm),
    },
  });
}
