import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { EmbedbagError, isEmbedbagError, type JsonObject } from '@embedbag/core';
import { openSafetensors } from '@embedbag/static-embedding';
import type { AdamWState } from './adamw.js';
import { CHECKPOINT_FILES, CHECKPOINT_TENSORS, type CheckpointArrays, fileSum, stateSum } from './checkpoint.js';
import type { EpochBatchesState } from './epoch-batches.js';
import { CHECKPOINT_FORMAT, type TrainerState } from './training-state.js';

/** A checkpoint on the disk whose files are whole. */
export interface SavedCheckpoint {
  readonly folder: string;
  readonly step: number;
  readonly state: TrainerState;
  readonly optimizer: Pick<AdamWState, 'step' | 'beta1Power' | 'beta2Power'>;
  /** Undefined where the batches of the epoch have to be drawn again. */
  readonly samplerState: EpochBatchesState | undefined;
  /** Reads its numbers into `arrays`; `trained` gets the table under training, `table` that of the saved model. */
  read(arrays: Partial<CheckpointArrays>): Promise<void>;
}

function damaged(folder: string, what: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'checkpoint-damaged',
    message: `Expected \`${folder}\` to be a whole checkpoint, received ${what}. Go on from another one, or delete this one.`,
    details: { folder },
    cause,
  });
}

async function readJson(folder: string, name: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path.join(folder, name), 'utf8');
  } catch (error) {
    throw damaged(folder, `one without \`${name}\` that can be read`, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(folder, `a \`${name}\` that is no JSON`, error);
  }
}

async function checkFile(folder: string, name: string, expected: JsonObject): Promise<void> {
  let found: Awaited<ReturnType<typeof fileSum>>;
  try {
    found = await fileSum(path.join(folder, name));
  } catch (error) {
    throw damaged(folder, `one without \`${name}\` that can be read`, error);
  }
  if (found.bytes !== expected.bytes) {
    throw damaged(folder, `\`${name}\` with ${found.bytes} of its ${expected.bytes} bytes`);
  }
  if (found.crc32 !== expected.crc32) throw damaged(folder, `\`${name}\` with other bytes than were written`);
}

async function readTensor(file: string, names: readonly string[], out: Float32Array): Promise<void> {
  const reader = await openSafetensors(file);
  try {
    await reader.readFloat32(names.find((name) => reader.tensors.has(name)) ?? names[0]!, out);
  } finally {
    await reader.close();
  }
}

/** The table of the model in `folder` into `out`, `[rows * columns]`. */
export function readTable(folder: string, out: Float32Array): Promise<void> {
  return readTensor(path.join(folder, 'model.safetensors'), ['embedding.weight', 'embeddings'], out);
}

async function readArrays(folder: string, hasTrained: boolean, arrays: Partial<CheckpointArrays>): Promise<void> {
  const optimizer = path.join(folder, CHECKPOINT_FILES.optimizer);
  const { table, trained, firstMoment, secondMoment } = arrays;
  if (table !== undefined) await readTable(folder, table);
  if (firstMoment !== undefined) await readTensor(optimizer, [CHECKPOINT_TENSORS.firstMoment], firstMoment);
  if (secondMoment !== undefined) await readTensor(optimizer, [CHECKPOINT_TENSORS.secondMoment], secondMoment);
  if (trained === undefined) return;
  if (hasTrained) await readTensor(optimizer, [CHECKPOINT_TENSORS.trained], trained);
  else await readTable(folder, trained);
}

/**
 * Opens the checkpoint in `folder` and reads all its files through.
 * Throws `checkpoint-damaged` for one that is incomplete or has other bytes than were written.
 */
export async function openCheckpoint(folder: string): Promise<SavedCheckpoint> {
  const json = await readJson(folder, CHECKPOINT_FILES.state);
  const { crc32: sum, ...state } = (json ?? {}) as TrainerState & { readonly crc32?: number };
  if (state.format !== CHECKPOINT_FORMAT) {
    throw damaged(folder, `one of format ${state.format ?? 'none'}, where this version has ${CHECKPOINT_FORMAT}`);
  }
  if (sum !== stateSum(state))
    throw damaged(folder, `a \`${CHECKPOINT_FILES.state}\` with other bytes than were written`);
  for (const [name, expected] of Object.entries(state.files)) await checkFile(folder, name, expected);
  const hasSampler = Object.hasOwn(state.files, CHECKPOINT_FILES.sampler);
  const { step, beta1_power: beta1Power, beta2_power: beta2Power } = state.optimizer;
  const sampler = hasSampler ? await readJson(folder, CHECKPOINT_FILES.sampler) : undefined;
  return {
    folder,
    step: state.global_step,
    state,
    optimizer: { step, beta1Power, beta2Power },
    samplerState: sampler as EpochBatchesState | undefined,
    read: (arrays) => readArrays(folder, state.average_updates > 0, arrays),
  };
}

/** The steps of the checkpoints in `outputDir`, ascending; none where there is no such folder. */
export async function checkpointSteps(outputDir: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(outputDir);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  const steps = names.flatMap((name) => {
    const digits = /^checkpoint-(\d+)$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  return steps.sort((a, b) => a - b);
}

/** Whether the checkpoint in `folder` can be read and comes where `saveStrategy` says. */
export async function isPlannedCheckpoint(folder: string): Promise<boolean> {
  try {
    return ((await readJson(folder, CHECKPOINT_FILES.state)) as TrainerState).is_planned === true;
  } catch {
    // A damaged one was told of where it was skipped.
    return false;
  }
}

/** What {@link newestCheckpoint} found. */
export interface FoundCheckpoint {
  readonly checkpoint: SavedCheckpoint | undefined;
  /** One sentence for each that was skipped. */
  readonly skipped: readonly string[];
}

/**
 * The newest checkpoint in `outputDir` that is whole.
 * Throws `no-good-checkpoint` when there are some and all are damaged.
 */
export async function newestCheckpoint(outputDir: string): Promise<FoundCheckpoint> {
  const skipped: string[] = [];
  for (const step of (await checkpointSteps(outputDir)).reverse()) {
    const folder = path.resolve(outputDir, `checkpoint-${step}`);
    try {
      return { checkpoint: await openCheckpoint(folder), skipped };
    } catch (error) {
      if (!isEmbedbagError(error)) throw error;
      skipped.push(error.message);
    }
  }
  if (skipped.length === 0) return { checkpoint: undefined, skipped };
  throw new EmbedbagError({
    code: 'no-good-checkpoint',
    message: `Expected a whole checkpoint in \`${outputDir}\` to go on from, received ${skipped.length} that cannot be used. ${skipped[0]} Delete them all to begin anew.`,
    details: { outputDir, skipped },
  });
}
