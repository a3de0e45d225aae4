import { EmbedbagError, isEmbedbagError } from '@embedbag/core';
import type { TextBatch } from './text-batch.js';

const ROWS_IN_MESSAGE = 8;

/** Whether `error` is how something told that `signal` stopped it. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  if (error === signal.reason) return true;
  return isEmbedbagError(error) ? error.code === 'aborted' : error instanceof Error && error.name === 'AbortError';
}

function describeBatch({ dataset, rows }: TextBatch): string {
  const first = rows.slice(0, ROWS_IN_MESSAGE).join(', ');
  const more = rows.length > ROWS_IN_MESSAGE ? ` and ${rows.length - ROWS_IN_MESSAGE} more` : '';
  return `a batch of dataset \`${dataset.name}\`, rows ${first}${more}`;
}

/** The error of a step whose loss or gradient is NaN or infinite; the table is still that of the step before. */
export function nonFiniteError(
  step: number,
  batches: readonly TextBatch[],
  loss: number,
  gradientNorm?: number,
): EmbedbagError {
  const gradient = gradientNorm === undefined ? '' : ` and gradient norm ${gradientNorm}`;
  return new EmbedbagError({
    code: 'non-finite-loss',
    message: `Expected a finite loss and gradient, received loss ${loss}${gradient} at step ${step}, in ${batches.map(describeBatch).join(', and ')}. Check those rows and the loss, or lower \`learningRate\`.`,
    details: {
      step,
      dataset: batches[0]!.dataset.name,
      rows: [...batches[0]!.rows],
      batches: batches.map(({ dataset, rows }) => ({ dataset: dataset.name, rows: [...rows] })),
      loss: String(loss),
      ...(gradientNorm === undefined ? {} : { gradientNorm: String(gradientNorm) }),
    },
  });
}

/** `error` with one more sentence, if it is one of ours. */
export function withSentence(error: unknown, sentence: string): unknown {
  if (!isEmbedbagError(error)) return error;
  const { code, message, details, cause } = error;
  return new EmbedbagError({ code, message: `${message} ${sentence}`, details, cause });
}
