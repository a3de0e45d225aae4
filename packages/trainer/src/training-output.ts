import { appendFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EmbedbagError, type EvaluationResult, type JsonObject } from '@embedbag/core';
import { appendEvaluationCsv } from '@embedbag/evaluators';
import { replaceFolder } from '@embedbag/static-embedding';

const LOG_FILE = 'trainer_log.jsonl';
const MODEL_FOLDER = 'final';
const EVALUATION_FOLDER = 'eval';
/** What `replaceFolder` leaves when it is killed: a folder half-written, or one about to be replaced. */
const LEFTOVER = /^\.(checkpoint-\d+|final)\.(saving|replaced)-[0-9a-f]+/;

/** Files of models in all layouts. A folder that holds anything else may be precious and is not replaced. */
const MODEL_FILE = /^(?:README\.md|\.gitattributes|vocab\.txt|\d_\w+|[\w-]+\.(?:json|safetensors))$/;

/** Checkpoints are models with a few more `.json` and `.safetensors` files. */
function isModel(entries: readonly string[]): boolean {
  const hasModel = entries.includes('modules.json') || entries.includes('model.safetensors');
  return hasModel && entries.every((entry) => MODEL_FILE.test(entry));
}

const REPLACEABLE = { kind: 'a model', isReplaceable: isModel };

/** The folder a run writes into. */
export interface TrainingOutput {
  readonly folder: string;
  /** Adds one line to `trainer_log.jsonl`. */
  appendLog(record: JsonObject): Promise<void>;
  /** Adds a row to each CSV file of `result` in the folder `eval`, which is made where there is one. */
  appendEvaluation(result: EvaluationResult, moment: { readonly epoch: number; readonly steps: number }): Promise<void>;
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

/** Refuses, before training, what could not be replaced after it. */
async function checkModelFolder(folder: string): Promise<void> {
  const entries = await readdir(folder);
  if (entries.length === 0 || isModel(entries)) return;
  throw new EmbedbagError({
    code: 'output-not-replaceable',
    message: `Expected \`${folder}\` to be missing, empty or a model, received a folder with other files. Choose another \`outputDir\` or move that folder away.`,
    details: { folder, entries },
  });
}

/**
 * Makes `folder` and its missing parents.
 * Node's own recursive `mkdir` never returns where the system hides a missing parent, as in /proc.
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    const parent = path.dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error;
    await makeFolder(parent);
  }
  await mkdir(folder);
}

/** Tries to write in `folder`, and clears away what a killed run left there. */
async function prepareFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  const probe = await mkdtemp(path.join(folder, '.probe-'));
  await rm(probe, { recursive: true });
  await writeFile(path.join(folder, LOG_FILE), '');
  const names = await readdir(folder);
  for (const name of names) {
    const [, target, kind] = LEFTOVER.exec(name) ?? [];
    if (target === undefined) continue;
    const leftover = path.join(folder, name);
    if (kind === 'replaced' && !names.includes(target)) await rename(leftover, path.join(folder, target));
    else await rm(leftover, { recursive: true, force: true });
  }
  if (names.includes(MODEL_FOLDER)) await checkModelFolder(path.join(folder, MODEL_FOLDER));
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
 * @throws EmbedbagError `output-not-writable`, and `output-not-replaceable` when `final` is there and is no model.
 */
export async function openTrainingOutput(
  outputDir: string,
  options: { readonly saveTotalLimit?: number } = {},
): Promise<TrainingOutput> {
  const folder = path.resolve(outputDir);
  const limit = options.saveTotalLimit ?? Number.POSITIVE_INFINITY;
  const modelFolder = path.join(folder, MODEL_FOLDER);
  await guard(folder, () => prepareFolder(folder));
  const checkpoints: string[] = [];
  return {
    folder,
    appendLog: (record) => guard(folder, () => appendFile(path.join(folder, LOG_FILE), `${JSON.stringify(record)}\n`)),
    async appendEvaluation(result, moment) {
      await appendEvaluationCsv(result, { folder: path.join(folder, EVALUATION_FOLDER), ...moment });
    },
    saveCheckpoint: (step, write) =>
      guard(folder, async () => {
        const target = path.join(folder, `checkpoint-${step}`);
        await replaceFolder(target, write, REPLACEABLE);
        if (!checkpoints.includes(target)) checkpoints.push(target);
        while (checkpoints.length > limit) await rm(checkpoints.shift()!, { recursive: true, force: true });
        return target;
      }),
    async saveModel(write) {
      await replaceFolder(modelFolder, write, REPLACEABLE);
      return modelFolder;
    },
  };
}
