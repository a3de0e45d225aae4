import type { TrainingCallback } from '../training-callback.js';
import { jsonlLogger } from './jsonl-logger.js';
import { tensorboardLogger } from './tensorboard-logger.js';
import { wandbLogger } from './wandb-logger.js';

/** The loggers that `reportTo` makes, with their defaults, where none of that name is passed. */
const MAKERS: Readonly<Record<string, () => TrainingCallback>> = {
  jsonl: jsonlLogger,
  tensorboard: tensorboardLogger,
  wandb: wandbLogger,
};

/** Their names. */
export const NAMED_LOGGERS: readonly string[] = Object.keys(MAKERS);

/** `callbacks`, and the loggers of `reportTo` that are not among them but known here. */
export function withNamedLoggers(
  callbacks: readonly TrainingCallback[],
  reportTo: readonly string[],
): readonly TrainingCallback[] {
  const given = new Set(callbacks.map(({ name }) => name));
  const missing = [...new Set(reportTo)].filter((name) => !given.has(name) && Object.hasOwn(MAKERS, name));
  return [...callbacks, ...missing.map((name) => MAKERS[name]!())];
}
