import { appendFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EmbedbagError, type JsonObject } from '@embedbag/core';

const LOG_FILE = 'trainer_log.jsonl';
const MODEL_FOLDER = 'final';
/** What an earlier run may have left when it was killed: a folder half-written, or one about to be replaced. */
const LEFTOVER = /^\.(checkpoint-\d+|final)\.(partial|previous)$/;

/** The folder a run writes into. */
export interface TrainingOutput {
  readonly folder: string;
  /** Adds one line to `trainer_log.jsonl`. */
  appendLog(record: JsonObject): Promise<void>;
  /**
   * Fills `checkpoint-<step>` through `write` and deletes the oldest checkpoints of this run beyond the limit.
   * Resolves to the folder's path.
   */
  saveCheckpoint(step: number, write: (folder: string) => Promise<void>): Promise<string>;
  /** Fills `final` through `write`. Resolves to the folder's path. */
  saveModel(write: (folder: string) => Promise<void>): Promise<string>;
}

function cannotWrite(folder: string, cause: unknown): EmbedbagError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmbedbagError({
    code: 'output-not-writable',
    message: `Expected \`outputDir\` to be a folder that can be written, received \`${folder}\`, for which the system says: ${reason}. Choose another folder, or make room in it.`,
    details: { folder },
    cause,
  });
}

/** Tries to write in `folder`, and clears away what a killed run left there. */
async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const probe = await mkdtemp(path.join(folder, '.probe-'));
  await rm(probe, { recursive: true });
  await writeFile(path.join(folder, LOG_FILE), '');
  const names = await readdir(folder);
  for (const name of names) {
    const [, target, kind] = LEFTOVER.exec(name) ?? [];
    if (target === undefined) continue;
    const leftover = path.join(folder, name);
    if (kind === 'previous' && !names.includes(target)) await rename(leftover, path.join(folder, target));
    else await rm(leftover, { recursive: true, force: true });
  }
}

/** Fills a folder beside `target` and puts it in the place of `target` by renaming: it is there whole or not at all. */
async function replaceFolder(target: string, write: (folder: string) => Promise<void>): Promise<void> {
  const hidden = path.join(path.dirname(target), `.${path.basename(target)}`);
  const partial = `${hidden}.partial`;
  const previous = `${hidden}.previous`;
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    await write(partial);
    await rm(previous, { recursive: true, force: true });
    await rename(target, previous).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(partial, target);
    await rm(previous, { recursive: true, force: true });
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Runs `write` and turns what the file system has against it into an `output-not-writable` error. */
async function guard<Result>(folder: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error) {
      throw cannotWrite(folder, error);
    }
    throw error;
  }
}

/**
 * Makes the folder of a run, before training, so that a run cannot be lost for want of a place to write.
 * The log of an earlier run in the same folder is begun anew.
 *
 * @throws EmbedbagError `output-not-writable`
 */
export async function openTrainingOutput(
  outputDir: string,
  options: { readonly saveTotalLimit?: number } = {},
): Promise<TrainingOutput> {
  const folder = path.resolve(outputDir);
  const limit = options.saveTotalLimit ?? Number.POSITIVE_INFINITY;
  await guard(folder, () => prepareFolder(folder));
  const checkpoints: string[] = [];
  return {
    folder,
    appendLog: (record) => guard(folder, () => appendFile(path.join(folder, LOG_FILE), `${JSON.stringify(record)}\n`)),
    saveCheckpoint: (step, write) =>
      guard(folder, async () => {
        const target = path.join(folder, `checkpoint-${step}`);
        await replaceFolder(target, write);
        if (!checkpoints.includes(target)) checkpoints.push(target);
        while (checkpoints.length > limit) await rm(checkpoints.shift()!, { recursive: true, force: true });
        return target;
      }),
    saveModel: (write) =>
      guard(folder, async () => {
        const target = path.join(folder, MODEL_FOLDER);
        await replaceFolder(target, write);
        return target;
      }),
  };
}
