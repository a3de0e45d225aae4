/** How far a run is. Counted by the loop, read by everything that reports or saves. */
export interface RunProgress {
  /** Steps done. */
  step: number;
  /** The present epoch, counted from 0. */
  epochIndex: number;
  /** Batches of it that are done: what the epoch's stream would have to skip. */
  batchesOfEpoch: number;
  /** Epochs done, with the part of the present one. */
  epoch: number;
  /** Rows trained on. */
  pairs: number;
}

/** The progress before the first step. */
export function createRunProgress(): RunProgress {
  return { step: 0, epochIndex: 0, batchesOfEpoch: 0, epoch: 0, pairs: 0 };
}
