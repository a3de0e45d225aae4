import type { TrainingCallback } from '../training-callback.js';
import { type EventFile, eventPath, openEventFile } from './event-file.js';

/** Where {@link jsonlLogger} writes. */
export interface JsonlLoggerOptions {
  /** Default: `events.jsonl` in the run's `outputDir`. */
  readonly path?: string;
}

/**
 * A logger that writes every event of a run as a line of JSON, with the `time` it came at in ISO 8601: all steps, not only
 * those of the log. A run that goes on from a checkpoint adds to the file; any other begins it anew.
 *
 * Its run ends with `log-not-writable` or `log-without-place` where it cannot write.
 *
 * @example
 * ```ts
 * await train({ model, datasets, loss, callbacks: [jsonlLogger({ path: 'events.jsonl' })] });
 * ```
 */
export function jsonlLogger(options: JsonlLoggerOptions = {}): TrainingCallback {
  let file: EventFile | undefined;
  return {
    name: 'jsonl',
    onEvent(event) {
      if (event.type === 'training-start') {
        const place = { logger: 'jsonl', option: 'path', name: 'events.jsonl' };
        file = openEventFile(eventPath(options.path, event.outputDir, place), { append: event.startStep > 0 });
      }
      file?.add(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
    },
    async close() {
      file?.close();
      file = undefined;
    },
  };
}
