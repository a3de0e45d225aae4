import type { DatasetBatch, TokenBags } from '@embedbag/core';
import { readTextBatch, type TextBatch } from './text-batch.js';
import type { TrainingPlan } from './training-plan.js';

/** A batch as a step takes it. */
export interface StepBatch {
  /** The number of its dataset. */
  readonly datasetIndex: number;
  readonly textBatch: TextBatch;
  /** Of all columns, one after the other, so that a token they share is one row of the gradient. */
  readonly bags: TokenBags;
}

/** Batches, read and tokenized one after the other. */
export interface BatchReader {
  /** The next batch; undefined when there is none. */
  next(): Promise<StepBatch | undefined>;
  /** Reads the batch after the present one now, as far as that takes no waiting; what it throws, `next` will throw. */
  readAhead(): void;
}

type MaybePromise<Value> = Value | Promise<Value>;

/** Reads the batches that `draw` gives. */
export function openBatchReader(
  { model, datasets, losses }: Pick<TrainingPlan, 'model' | 'datasets' | 'losses'>,
  draw: () => DatasetBatch | undefined,
): BatchReader {
  let ahead: (() => MaybePromise<StepBatch | undefined>) | undefined;

  const read = (): MaybePromise<StepBatch | undefined> => {
    const batch = draw();
    if (batch === undefined) return undefined;
    const datasetIndex = batch.dataset;
    const tokenize = (textBatch: TextBatch): StepBatch => {
      return { datasetIndex, textBatch, bags: model.tokenize(textBatch.texts.flat()) };
    };
    const textBatch = readTextBatch(datasets[datasetIndex]!, batch, losses[datasetIndex]!);
    return textBatch instanceof Promise ? textBatch.then(tokenize) : tokenize(textBatch);
  };

  return {
    async next() {
      const take = ahead ?? read;
      ahead = undefined;
      return take();
    },
    readAhead() {
      try {
        const batch = read();
        // It is waited for in `next`: until then a failure is not an unhandled one.
        if (batch instanceof Promise) batch.catch(() => {});
        ahead = () => batch;
      } catch (error) {
        ahead = () => {
          throw error;
        };
      }
    },
  };
}
