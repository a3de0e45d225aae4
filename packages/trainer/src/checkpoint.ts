import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '@embedbag/core';
import { writeSafetensors } from '@embedbag/static-embedding';
import type { AdamWState } from './adamw.js';
import type { TrainableModel } from './trainable-model.js';

/** What a checkpoint holds. */
export interface Checkpoint {
  readonly model: TrainableModel;
  readonly readme: string;
  readonly optimizerState: AdamWState;
  /** Everything else that decides how the run goes on, for `trainer_state.json`. */
  readonly trainerState: JsonObject;
}

/**
 * Fills `folder` with a model that loads like any other, its optimizer's moments in `optimizer.safetensors` (under
 * PyTorch's names) and `trainer_state.json`.
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { model, readme, optimizerState } = checkpoint;
  const shape = [model.table.rows, model.table.columns];
  await model.save(folder, { readme });
  await writeSafetensors(path.join(folder, 'optimizer.safetensors'), {
    'embedding.weight.exp_avg': { shape, data: optimizerState.firstMoment },
    'embedding.weight.exp_avg_sq': { shape, data: optimizerState.secondMoment },
  });
  const state = {
    ...checkpoint.trainerState,
    optimizer: {
      step: optimizerState.step,
      beta1_power: optimizerState.beta1Power,
      beta2_power: optimizerState.beta2Power,
    },
  };
  await writeFile(path.join(folder, 'trainer_state.json'), `${JSON.stringify(state, undefined, 2)}\n`);
}
