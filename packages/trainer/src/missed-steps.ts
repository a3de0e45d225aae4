import type { AdamWReplay, AdamWStep, SparseRows } from '@embedbag/core';

/** The part of a replay that says which rows missed which steps. */
type Missed = Pick<AdamWReplay, 'rows' | 'count' | 'firstMissed' | 'rates' | 'steps'>;
/** What tells one step from another in a row without a gradient. */
type StepRates = Pick<AdamWStep, 'learningRate' | 'biasCorrection1' | 'biasCorrection2'>;

/** Steps whose rates are kept; after so many, all rows have to be brought up to date. */
export const MOST_MISSED_STEPS = 1024;

/** Which steps of AdamW each row of a table still has to go through, when every step updates the touched rows only. */
export class MissedSteps {
  /** Steps that are kept. */
  private steps = 0;
  private readonly rates = new Float64Array(MOST_MISSED_STEPS * 3);
  /** By row of the table, how many of the kept steps it has been through. */
  private readonly stepsDone: Int32Array;
  private readonly dueRows: Int32Array;
  private readonly firstMissed: Int32Array;

  constructor(rows: number) {
    this.stepsDone = new Int32Array(rows);
    this.dueRows = new Int32Array(rows);
    this.firstMissed = new Int32Array(rows);
  }

  /** Whether `takeAll` must be called before the next `add`. */
  get isFull(): boolean {
    return this.steps === MOST_MISSED_STEPS;
  }

  /** Notes a step that only the rows of `touched`, all of them up to date, have been through. */
  add({ learningRate, biasCorrection1, biasCorrection2 }: StepRates, touched: SparseRows): void {
    this.rates.set([learningRate, biasCorrection1, biasCorrection2], this.steps * 3);
    this.steps += 1;
    for (let i = 0; i < touched.count; i++) this.stepsDone[touched.rows[i]!] = this.steps;
  }

  /** What the rows named by `ids` have missed; from now on they count as up to date. The result is borrowed until the next call. */
  take(ids: Int32Array): Missed {
    const { stepsDone, dueRows, firstMissed, rates, steps } = this;
    let count = 0;
    for (let i = 0; i < ids.length; i++) {
      const row = ids[i]!;
      const done = stepsDone[row];
      // An id outside the table is refused where the table is read.
      if (done === undefined || done >= steps) continue;
      dueRows[count] = row;
      firstMissed[count] = done;
      count += 1;
      stepsDone[row] = steps;
    }
    return { rows: dueRows, count, firstMissed, rates, steps };
  }

  /** What all rows have missed; the kept steps are forgotten. */
  takeAll(): Missed {
    const { stepsDone, dueRows, firstMissed, rates, steps } = this;
    let count = 0;
    for (let row = 0; row < stepsDone.length; row++) {
      if (stepsDone[row]! >= steps) continue;
      dueRows[count] = row;
      firstMissed[count] = stepsDone[row]!;
      count += 1;
    }
    stepsDone.fill(0);
    this.steps = 0;
    return { rows: dueRows, count, firstMissed, rates, steps };
  }
}
