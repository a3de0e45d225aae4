import { appendFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EmbedbagError, type EvaluationResult, isEmbedbagError, type JsonObject } from '@embedbag/core';
import { appendEvaluationCsv } from '@embedbag/evaluators';
import { replaceFolder } from '@embedbag/static-embedding';
import { withSentence } from './run-endings.js';
import { checkpointSteps, isPlannedCheckpoint } from './saved-checkpoint.js';
import { trimEvaluationCsv } from './trim-evaluation-csv.js';

const LOG_FILE = 'trainer_log.jsonl';
const MODEL_FOLDER = 'final';
const EVALUATION_FOLDER = 'eval';
const WRITE_FAILURES: readonly string[] = ['output-not-writable', 'folder-unusable'];
/** What `replaceFolder` leaves when it is killed: a folder half-written, or one about to be replaced; and of a checkpoint that was being deleted. */
const LEFTOVER = /^\.(checkpoint-\d+|final)\.(saving|replaced|deleting)-[0-9a-f]+/;
const PROBE = '.probe-';

/** Files of models in all layouts, and of checkpoints. A folder that holds anything else may be precious and is not replaced. */
const MODEL_FILE =
  /^(?:README\.md|\.gitattributes|vocab\.txt|training_curve\.svg|\d_\w+|[\w-]+\.(?:json|safetensors))$/;

/** Checkpoints are models with a few more `.json` and `.safetensors` files. */
function isModel(entries: readonly string[]): boolean {
  const hasModel = entries.includes('modules.json') || entries.includes('model.safetensors');
  return hasModel && entries.every((entry) => MODEL_FILE.test(entry));
}

const REPLACEABLE = { kind: 'a model', isReplaceable: isModel };
/** Also one that lost files: it was skipped when the run went on, and is made anew. */
const REPLACEABLE_CHECKPOINT = {
  kind: 'a checkpoint',
  isReplaceable: (entries: readonly string[]) => entries.every((entry) => MODEL_FILE.test(entry)),
};

/** What a checkpoint is among those of its run. */
export interface CheckpointKind {
  /** The best so far. */
  readonly bestStep?: number | undefined;
  /** Whether it comes where `saveStrategy` says, and not where the run was stopped. Default true. */
  readonly isPlanned?: boolean;
}

/** The folder a run writes into. */
export interface TrainingOutput {
  readonly folder: string;
  /** Adds one line to `trainer_log.jsonl`. */
  appendLog(record: JsonObject): Promise<void>;
  /** Adds a row to each CSV file of `result` in the folder `eval`, which is made where there is one. */
  appendEvaluation(result: EvaluationResult, moment: { readonly epoch: number; readonly steps: number }): Promise<void>;
  /** The folder of the checkpoint of `step`. */
  checkpointPath(step: number): string;
  /** The checkpoints of this run that are kept, the oldest first. */
  readonly checkpoints: readonly string[];
  /** Those of them that come where `saveStrategy` says. */
  readonly plannedCheckpoints: readonly string[];
  /**
   * Fills `checkpoint-<step>` through `write` and then deletes the oldest checkpoints of this run beyond the limit, but never
   * that of `bestStep`; first those that were not planned. Resolves to the folder's path.
   */
  saveCheckpoint(step: number, write: (folder: string) => Promise<void>, kind?: CheckpointKind): Promise<string>;
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

/** Replaces the file `name` in `folder` at once. */
async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const partial = path.join(folder, `.${name}.saving`);
  await writeFile(partial, text, { flush: true });
  await rename(partial, path.join(folder, name));
}

/** Tries to write in `folder`, and clears away what a killed run left there. */
async function prepareFolder(folder: string, history: readonly JsonObject[]): Promise<void> {
  await makeFolder(folder);
  const probe = await mkdtemp(path.join(folder, PROBE));
  await rm(probe, { recursive: true });
  await replaceFile(folder, LOG_FILE, history.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const names = await readdir(folder);
  for (const name of names) {
    const [, target, kind] = LEFTOVER.exec(name) ?? [];
    if (target === undefined && !name.startsWith(PROBE)) continue;
    const leftover = path.join(folder, name);
    if (kind === 'replaced' && !names.includes(target!)) await rename(leftover, path.join(folder, target!));
    else await rm(leftover, { recursive: true, force: true });
  }
  if (names.includes(MODEL_FOLDER)) await checkModelFolder(path.join(folder, MODEL_FOLDER));
}

/** Takes `folder` away under its name at once, so that no half of it is ever seen there. */
async function deleteFolder(folder: string): Promise<void> {
  const name = `.${path.basename(folder)}.deleting-${globalThis.crypto.randomUUID().slice(0, 8)}`;
  const doomed = path.join(path.dirname(folder), name);
  await rename(folder, doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** What the file system has against a write becomes an `output-not-writable` error; other errors stay as they are. */
function asOutputError(folder: string, error: unknown): unknown {
  const isSystemError =
    error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
  return isSystemError ? cannotWrite(folder, error) : error;
}

/** Refuses to write checkpoints among those of another run, which `resumeFromCheckpoint` could not tell apart. */
async function checkNoCheckpoints(folder: string): Promise<void> {
  const [newest] = (await checkpointSteps(folder)).reverse();
  if (newest === undefined) return;
  throw new EmbedbagError({
    code: 'output-has-checkpoints',
    message: `Expected \`outputDir\` without checkpoints of another run, received \`${folder}\` with \`checkpoint-${newest}\`. Go on from it with \`resumeFromCheckpoint\` (\`--resume\`), choose another folder, or delete the checkpoints.`,
    details: { folder, newest },
  });
}

/** Settings of {@link openTrainingOutput}. */
export interface TrainingOutputOptions {
  /** How many checkpoints are kept. Default: all. */
  readonly saveTotalLimit?: number;
  /** Whether there will be checkpoints. Default false. */
  readonly savesCheckpoints?: boolean;
  /** Where the run goes on: the step of its checkpoint, and the lines of its log until then. */
  readonly resumed?: { readonly step: number; readonly history: readonly JsonObject[] };
}

interface FoundCheckpoints {
  readonly folders: readonly string[];
  readonly unplanned: readonly string[];
}

/** The checkpoints in `folder` up to `step`. */
async function findCheckpoints(folder: string, step: number): Promise<FoundCheckpoints> {
  const steps = (await checkpointSteps(folder)).filter((each) => each <= step);
  const folders = steps.map((each) => path.join(folder, `checkpoint-${each}`));
  const planned = await Promise.all(folders.map(isPlannedCheckpoint));
  return { folders, unplanned: folders.filter((_, i) => !planned[i]) };
}

class Output implements TrainingOutput {
  readonly folder: string;
  private readonly limit: number;
  private readonly kept: string[];
  private readonly unplanned: Set<string>;

  constructor(folder: string, limit: number, found: FoundCheckpoints) {
    this.folder = folder;
    this.limit = limit;
    this.kept = [...found.folders];
    this.unplanned = new Set(found.unplanned);
  }

  get plannedCheckpoints(): readonly string[] {
    return this.kept.filter((folder) => !this.unplanned.has(folder));
  }

  get checkpoints(): readonly string[] {
    return this.kept;
  }

  checkpointPath(step: number): string {
    return path.join(this.folder, `checkpoint-${step}`);
  }

  appendLog(record: JsonObject): Promise<void> {
    return this.guard(() => appendFile(path.join(this.folder, LOG_FILE), `${JSON.stringify(record)}\n`));
  }

  appendEvaluation(
    result: EvaluationResult,
    moment: { readonly epoch: number; readonly steps: number },
  ): Promise<void> {
    return this.guard(async () => {
      await appendEvaluationCsv(result, { folder: path.join(this.folder, EVALUATION_FOLDER), ...moment });
    });
  }

  saveCheckpoint(
    step: number,
    write: (folder: string) => Promise<void>,
    { bestStep, isPlanned = true }: CheckpointKind = {},
  ): Promise<string> {
    return this.guard(async () => {
      const target = this.checkpointPath(step);
      await replaceFolder(target, write, REPLACEABLE_CHECKPOINT);
      if (!this.kept.includes(target)) this.kept.push(target);
      const best = bestStep === undefined ? undefined : this.checkpointPath(bestStep);
      if (isPlanned) this.unplanned.delete(target);
      else this.unplanned.add(target);
      const old = this.kept.filter((folder) => folder !== target && folder !== best);
      const rank = (folder: string): number => (this.unplanned.has(folder) ? 0 : 1);
      for (const folder of old.sort((a, b) => rank(a) - rank(b))) {
        if (this.kept.length <= this.limit) break;
        await deleteFolder(folder);
        this.kept.splice(this.kept.indexOf(folder), 1);
      }
      return target;
    });
  }

  saveModel(write: (folder: string) => Promise<void>): Promise<string> {
    return this.guard(async () => {
      const target = path.join(this.folder, MODEL_FOLDER);
      await replaceFolder(target, write, REPLACEABLE);
      return target;
    });
  }

  /** Runs `write`; an error of writing also tells which checkpoint is left. */
  private async guard<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      const told = asOutputError(this.folder, error);
      const last = this.kept.at(-1);
      if (last === undefined || !isEmbedbagError(told) || !WRITE_FAILURES.includes(told.code)) throw told;
      const sentence = `The last checkpoint, \`${last}\`, is whole: go on from it with \`resumeFromCheckpoint\` (\`--resume\`).`;
      throw withSentence(told, sentence);
    }
  }
}

/**
 * Makes the folder of a run, before training, so that a run cannot be lost for want of a place to write.
 * The log of an earlier run in the same folder is begun anew; that of a run that goes on is cut where its checkpoint was saved.
 *
 * @throws EmbedbagError `output-not-writable`, `output-not-replaceable` when `final` is there and is no model, and
 * `output-has-checkpoints`.
 */
export async function openTrainingOutput(
  outputDir: string,
  { saveTotalLimit = Number.POSITIVE_INFINITY, savesCheckpoints = false, resumed }: TrainingOutputOptions = {},
): Promise<TrainingOutput> {
  const folder = path.resolve(outputDir);
  try {
    if (savesCheckpoints && resumed === undefined) await checkNoCheckpoints(folder);
    await prepareFolder(folder, resumed?.history ?? []);
    if (resumed !== undefined) await trimEvaluationCsv(path.join(folder, EVALUATION_FOLDER), resumed.step);
    const found = resumed === undefined ? { folders: [], unplanned: [] } : await findCheckpoints(folder, resumed.step);
    return new Output(folder, saveTotalLimit, found);
  } catch (error) {
    throw asOutputError(folder, error);
  }
}
