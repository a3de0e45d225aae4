import { TRAINING_LOGGER_CONTRACT, type TrainingLogger } from '@embedbag/core';
import { eventPath, openEventFile } from './event-file.js';

/** Where {@link jsonlLogger} writes. */
export interface JsonlLoggerOptions {
  /** Default: `events.jsonl` in the run's `outputDir`. */
  readonly path?: string;
}

/**
 * A logger that writes every event of a run as a line of JSON, with the `time` it came at in ISO 8601: all steps, not only
 * those of the log. A run that goes on from a checkpoint adds to the file; any other begins it anew.
 *
 * `open` rejects with `log-not-writable` and `log-without-place`.
 *
 * @example
 * ```ts
 * await train({ model, datasets, loss, loggers: [jsonlLogger({ path: 'events.jsonl' })] });
 * ```
 */
export function jsonlLogger(options: JsonlLoggerOptions = {}): TrainingLogger {
  return Object.freeze({
    contract: TRAINING_LOGGER_CONTRACT,
    name: 'jsonl',
    config: { ...options },
    async open(start) {
      const place = { logger: 'jsonl', option: 'path', name: 'events.jsonl' };
      const file = openEventFile(eventPath(options.path, start.outputDir, place), { append: start.startStep > 0 });
      return {
        write: (event) => file.add(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`),
        close: async () => file.close(),
      };
    },
  } satisfies TrainingLogger);
}
