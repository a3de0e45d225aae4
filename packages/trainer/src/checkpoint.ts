import { open, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { JsonObject } from '@embedbag/core';
import { writeSafetensors } from '@embedbag/static-embedding';
import type { AdamWState } from './adamw.js';
import type { EpochBatchesState } from './epoch-batches.js';
import { type CardFiles, saveWithCard } from './run-card.js';
import type { TrainableModel } from './trainable-model.js';

/** The files of a checkpoint beside those of its model. */
export const CHECKPOINT_FILES = {
  optimizer: 'optimizer.safetensors',
  sampler: 'sampler_state.json',
  state: 'trainer_state.json',
} as const;

/** The tensors of `optimizer.safetensors`; the moments under PyTorch's names. */
export const CHECKPOINT_TENSORS = {
  firstMoment: 'embedding.weight.exp_avg',
  secondMoment: 'embedding.weight.exp_avg_sq',
  /** Only where the saved model is not the table under training. */
  trained: 'embedding.weight',
} as const;

/** The numbers of a checkpoint, `[rows * columns]` each. */
export interface CheckpointArrays {
  /** Of the saved model. */
  readonly table: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** The table under training, where the saved model is an average. */
  readonly trained?: Float32Array;
}

/** What a checkpoint holds. */
export interface Checkpoint {
  /** Knows how to save itself; its table is taken from `arrays`. */
  readonly model: TrainableModel;
  readonly card: CardFiles;
  readonly arrays: CheckpointArrays;
  readonly optimizer: Pick<AdamWState, 'step' | 'beta1Power' | 'beta2Power'>;
  /** Undefined where batches were read ahead: the epoch's batches are then drawn again. */
  readonly samplerState: EpochBatchesState | undefined;
  /** Everything else that decides how the run goes on, for `trainer_state.json`. */
  readonly trainerState: JsonObject;
  /** Whether it comes where `saveStrategy` says, and not where the run was stopped. */
  readonly isPlanned: boolean;
}

const CHUNK_BYTES = 4 * 1024 * 1024;

/** How long a file is, and the CRC-32 of its bytes. */
export async function fileSum(file: string): Promise<{ readonly bytes: number; readonly crc32: number }> {
  const handle = await open(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let bytes = 0;
    let sum = 0;
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { bytes, crc32: sum };
      sum = crc32(chunk.subarray(0, bytesRead), sum);
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** The CRC-32 of `trainer_state.json` without its own entry for it. */
export function stateSum(state: object): number {
  return crc32(JSON.stringify(state));
}

/**
 * Fills `folder` with a model that loads like any other, its optimizer's numbers, where its samplers stand, and, last,
 * `trainer_state.json` with the sums of all other files.
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { model, card, arrays, optimizer, samplerState } = checkpoint;
  const { table, firstMoment, secondMoment, trained } = arrays;
  const shape = [model.table.rows, model.table.columns];
  await saveWithCard(folder, model, { card, table });
  await writeSafetensors(path.join(folder, CHECKPOINT_FILES.optimizer), {
    [CHECKPOINT_TENSORS.firstMoment]: { shape, data: firstMoment },
    [CHECKPOINT_TENSORS.secondMoment]: { shape, data: secondMoment },
    ...(trained === undefined ? {} : { [CHECKPOINT_TENSORS.trained]: { shape, data: trained } }),
  });
  if (samplerState !== undefined) {
    const text = `${JSON.stringify(samplerState)}\n`;
    await writeFile(path.join(folder, CHECKPOINT_FILES.sampler), text, { flush: true });
  }
  const sums: Record<string, JsonObject> = {};
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) sums[entry.name] = { ...(await fileSum(path.join(folder, entry.name))) };
  }
  const { step, beta1Power, beta2Power } = optimizer;
  const state = {
    ...checkpoint.trainerState,
    optimizer: { step, beta1_power: beta1Power, beta2_power: beta2Power },
    files: sums,
  };
  const text = `${JSON.stringify({ ...state, crc32: stateSum(state) }, undefined, 2)}\n`;
  await writeFile(path.join(folder, CHECKPOINT_FILES.state), text, { flush: true });
}
