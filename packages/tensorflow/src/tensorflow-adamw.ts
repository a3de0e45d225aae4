import type { AdamWReplay, AdamWStep, AdamWStepOptions, AdamWTable, SparseRows } from '@embedbag/core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { TensorFlow } from './load-tensorflow.js';

/** Values of the table that are on the backend at a time: 16 MB, beside as many of each moment and of the gradient. */
const VALUES_AT_ONCE = 2 ** 22;

/** See `Kernels.gradientNorm`. */
export function gradientNorm(tf: TensorFlow, gradient: SparseRows): number {
  const length = gradient.count * gradient.columns;
  let squares = 0;
  for (let start = 0; start < length; start += VALUES_AT_ONCE) {
    const values = gradient.values.subarray(start, Math.min(length, start + VALUES_AT_ONCE));
    squares += tf.tidy(() => tf.sum(tf.square(tf.tensor1d(values))).dataSync()[0]!);
  }
  return Math.sqrt(squares);
}

/** What all values of one step share. */
type Rates = Pick<AdamWStep, 'learningRate' | 'biasCorrection1' | 'biasCorrection2'>;

/** Some rows of a table and of its two moments, `[rows, columns]` each. */
type Rows = readonly [Tensor2D, Tensor2D, Tensor2D];

/** One step of some rows; every value gets the same operations, whatever stands beside it. Follows torch/optim/adamw.py. */
function updatedRows(tf: TensorFlow, settings: AdamWTable, rates: Rates, rows: Rows, gradient: Tensor): Rows {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const [table, firstMoment, secondMoment] = rows;
  const m: Tensor2D = tf.add(tf.mul(firstMoment, beta1), tf.mul(gradient, 1 - beta1));
  const v: Tensor2D = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const root = tf.add(tf.div(tf.sqrt(v), Math.sqrt(rates.biasCorrection2)), epsilon);
  const change = tf.div(tf.mul(m, rates.learningRate / rates.biasCorrection1), root);
  return [tf.sub(tf.mul(table, 1 - rates.learningRate * weightDecay), change), m, v];
}

/**
 * Brings the listed rows of a table and of its moments to the backend, as many at a time as fit, and `update`s them in place.
 * `update` gets the range of `rows` that it is given, and what it makes is disposed.
 */
function updateInPlace(
  tf: TensorFlow,
  settings: AdamWTable,
  rows: Int32Array,
  update: (rows: Rows, start: number, end: number) => Rows,
): void {
  const { data, columns } = settings.table;
  const arrays = [data, settings.firstMoment, settings.secondMoment];
  const rowsAtOnce = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, columns)));
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const end = Math.min(rows.length, start + rowsAtOnce);
    tf.tidy(() => {
      const parts = arrays.map((array) => {
        const part = new Float32Array((end - start) * columns);
        for (let i = start; i < end; i++) {
          part.set(array.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), (i - start) * columns);
        }
        return tf.tensor2d(part, [end - start, columns]);
      });
      const updated = update(parts as [Tensor2D, Tensor2D, Tensor2D], start, end);
      for (const [which, array] of arrays.entries()) {
        const values = updated[which]!.dataSync();
        for (let i = start; i < end; i++) {
          array.set(values.subarray((i - start) * columns, (i - start + 1) * columns), rows[i]! * columns);
        }
      }
    });
  }
}

/** See `Kernels.startAdamW`, all of whose work this does. */
export function adamW(tf: TensorFlow, step: AdamWStep, { onlyTouched = false }: AdamWStepOptions = {}): void {
  const { count, columns, values } = step.gradient;
  const touched = step.gradient.rows.subarray(0, count);
  const slotOf = new Int32Array(step.table.rows).fill(-1);
  for (let slot = 0; slot < count; slot++) slotOf[touched[slot]!] = slot;
  const rows = onlyTouched ? touched : Int32Array.from(slotOf.keys());
  updateInPlace(tf, step, rows, (state, start, end) => {
    const dense = new Float32Array((end - start) * columns);
    for (let i = start; i < end; i++) {
      const slot = slotOf[rows[i]!]!;
      if (slot >= 0) dense.set(values.subarray(slot * columns, (slot + 1) * columns), (i - start) * columns);
    }
    const gradient = tf.mul(tf.tensor2d(dense, [end - start, columns]), step.gradientScale);
    return updatedRows(tf, step, step, state, gradient);
  });
}

/** Rows by the step they first missed, so that rows which are brought to the backend together missed about the same. */
function byFirstMissed({ firstMissed, count }: AdamWReplay): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i).sort((a, b) => firstMissed[a]! - firstMissed[b]! || a - b);
}

/** See `Kernels.adamWReplay`. */
export function adamWReplay(tf: TensorFlow, replay: AdamWReplay): void {
  const order = byFirstMissed(replay);
  const rows = order.map((i) => replay.rows[i]!);
  const firstMissed = order.map((i) => replay.firstMissed[i]!);
  updateInPlace(tf, replay, rows, (state, start, end) => {
    const missed = firstMissed.slice(start, end);
    const since = tf.tensor2d(missed, [end - start, 1], 'int32');
    let current = state;
    for (let step = missed[0]!; step < replay.steps; step++) {
      const before = current;
      const [learningRate = 0, biasCorrection1 = 1, biasCorrection2 = 1] = replay.rates.subarray(step * 3);
      current = tf.tidy(() => {
        const after = updatedRows(tf, replay, { learningRate, biasCorrection1, biasCorrection2 }, before, tf.scalar(0));
        if (missed[missed.length - 1]! <= step) return [...after];
        const takesPart = tf.lessEqual(since, step);
        return after.map((values, i) => tf.where(takesPart, values, before[i]!));
      }) as unknown as Rows;
      tf.dispose([...before]);
    }
    return current;
  });
}
