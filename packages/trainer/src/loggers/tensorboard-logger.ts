import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { JsonObject, TrainingEvent } from '@embedbag/core';
import type { TrainingCallback } from '../training-callback.js';
import { type EventFile, eventPath, openEventFile } from './event-file.js';
import { scalarsEvent, sessionStartEvent, textEvent, versionEvent } from './tensorboard-event.js';
import { tfRecord } from './tfrecord.js';
import { scalarsOf } from './training-scalars.js';

type TrainingStart = Extract<TrainingEvent, { readonly type: 'training-start' }>;

/** Where {@link tensorboardLogger} writes. */
export interface TensorboardLoggerOptions {
  /** The folder of this run's event files. Default: `runs/<runName>`, or `runs/train`, in the run's `outputDir`. */
  readonly folder?: string;
}

/** A path that TensorBoard looks for and that is not taken; later ones sort later. */
function newFile(folder: string): string {
  const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
  for (let number = 0; ; number++) {
    const file = path.join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${number}`);
    if (!existsSync(file)) return file;
  }
}

function argumentsTable(args: JsonObject): string {
  const cell = (value: unknown): string => String(value).replaceAll('|', '\\|');
  const rows = Object.entries(args).map(([key, value]) => `| ${key} | ${cell(value)} |`);
  return ['| argument | value |', '| --- | --- |', ...rows].join('\n');
}

function begin(start: TrainingStart, given: string | undefined): EventFile {
  const name = `runs/${(start.runName ?? 'train').replaceAll(/[^\w.-]+/g, '-')}`;
  const place = { logger: 'tensorboard', option: 'folder', name };
  const file = openEventFile(newFile(eventPath(given, start.outputDir, place)), { append: false });
  const now = Date.now();
  const setup = `\`\`\`json\n${JSON.stringify(start.setup, undefined, 2)}\n\`\`\``;
  file.add(tfRecord(versionEvent(now)));
  file.add(tfRecord(sessionStartEvent(now, start.startStep + 1)));
  file.add(tfRecord(textEvent(now, start.startStep, 'arguments', argumentsTable(start.arguments))));
  file.add(tfRecord(textEvent(now, start.startStep, 'setup', setup)));
  return file;
}

/**
 * A logger that writes event files for TensorBoard: `train/loss`, `train/learning_rate`, `train/grad_norm`, the speed and
 * where the time goes at every log line, `eval/<metric>` at every evaluation, the arguments as text. The names are those
 * of transformers. A run that goes on from a checkpoint adds a file, and TensorBoard drops what the earlier one had after it.
 *
 * Its run ends with `log-not-writable` or `log-without-place` where it cannot write.
 *
 * @example
 * ```ts
 * await train({ model, datasets, loss, callbacks: [tensorboardLogger({ folder: 'runs/first' })] });
 * // tensorboard --logdir runs
 * ```
 */
export function tensorboardLogger(options: TensorboardLoggerOptions = {}): TrainingCallback {
  let file: EventFile | undefined;
  return {
    name: 'tensorboard',
    onEvent(event) {
      if (event.type === 'training-start') file = begin(event, options.folder);
      const scalars = scalarsOf(event);
      if (scalars !== undefined) file?.add(tfRecord(scalarsEvent(Date.now(), scalars.step, scalars.values)));
    },
    async close() {
      file?.close();
      file = undefined;
    },
  };
}
