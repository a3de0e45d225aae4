import type { TrainingCallback } from './training-callback.js';

/** Closes all `callbacks`, one after the other, also after one that fails; rejects with the first failure. */
export async function closeCallbacks(callbacks: readonly TrainingCallback[]): Promise<void> {
  const failures: unknown[] = [];
  for (const callback of callbacks) {
    try {
      await callback.close?.();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
