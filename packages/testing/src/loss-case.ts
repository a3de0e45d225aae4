import {
  createRandom,
  hashTexts,
  type Kernels,
  type Loss,
  type LossComputeInput,
  type LossPrepareInput,
  type Random,
} from '@embedbag/core';
import { type GuardedArrays, guardArrays, type Place } from './guarded-array.js';

/** The sizes of one batch. */
export interface LossShape {
  readonly rows: number;
  readonly dimension: number;
  readonly columnCount: number;
  /** Labels a row, where the loss takes labels. */
  readonly labelColumns: number;
}

/** One batch that a loss is tried on. */
export interface LossCase extends LossShape {
  /** `[rows, dimension]` a column; multiples of 1/1024, so that a small step up or down is exact in float32. */
  readonly columns: readonly Float32Array[];
  readonly labels?: Float32Array;
  readonly valid?: readonly (Uint8Array | undefined)[];
  readonly prepared: unknown;
}

/** What a loss gave for a batch. */
export interface LossResult {
  readonly loss: number;
  readonly gradients: readonly Float32Array[];
}

const GRID = 1024;

function gridValues(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => Math.round(random.normal() * GRID) / GRID);
}

function labelsOf(loss: Loss, length: number, random: Random): Float32Array | undefined {
  if (loss.columns.labels === 'score') return Float32Array.from({ length }, () => random.uniform());
  if (loss.columns.labels === 'vector') return Float32Array.from({ length }, () => random.normal());
  if (loss.columns.labels === 'class') return Float32Array.from({ length }, () => random.below(2));
  return undefined;
}

/** A random batch, prepared by the loss if it prepares; `alter` changes the columns before that. */
export async function createLossCase(
  loss: Loss,
  shape: LossShape,
  alter?: (columns: readonly Float32Array[]) => void,
): Promise<LossCase> {
  const { rows, dimension, columnCount } = shape;
  const random = createRandom(rows * 10_007 + dimension * 101 + columnCount, 'loss');
  const columns = Array.from({ length: columnCount }, () => gridValues(random, rows * dimension));
  alter?.(columns);
  const labels = labelsOf(loss, rows * shape.labelColumns, random);
  const texts = columns.map((_, column) => Array.from({ length: rows }, (_, row) => `text ${row} of column ${column}`));
  const batch: LossPrepareInput = {
    texts,
    textHashes: texts.map(hashTexts),
    dataset: 'conformance',
    rows: Int32Array.from({ length: rows }, (_, row) => row),
    random: createRandom(1, 'prepare'),
    ...(labels ? { labels } : {}),
  };
  const prepared: unknown = await loss.prepare?.(batch, undefined);
  return { ...shape, columns, prepared, ...(labels ? { labels } : {}) };
}

function inputOf(lossCase: LossCase, kernels: Kernels, embeddings: readonly Float32Array[]): LossComputeInput {
  const { rows, dimension, labels, valid, prepared } = lossCase;
  const input = { embeddings, rows, dimension, prepared, kernels };
  return { ...input, ...(labels ? { labels } : {}), ...(valid ? { valid } : {}) };
}

/** The loss alone, of these columns instead of the batch's own. */
export function lossValue(loss: Loss, lossCase: LossCase, kernels: Kernels, columns: readonly Float32Array[]): number {
  return loss.compute(inputOf(lossCase, kernels, columns));
}

/** Loss and gradients with all arrays guarded in `where`; throws where the loss wrote anything else. */
export function evaluateLoss(loss: Loss, lossCase: LossCase, kernels: Kernels, where: Place): LossResult {
  const guards: GuardedArrays = guardArrays(kernels, where);
  const embeddings = lossCase.columns.map((column) => guards.float32(column));
  const gradients = lossCase.columns.map((column) => guards.output(column.length));
  const labels = lossCase.labels && guards.float32(lossCase.labels);
  const value = loss.compute(inputOf({ ...lossCase, ...(labels ? { labels } : {}) }, kernels, embeddings), gradients);
  const copies = gradients.map((gradient) => gradient.slice());
  guards.check();
  return { loss: value, gradients: copies };
}

/** Kernels that count what is allocated and not yet released. */
export function countAllocations(kernels: Kernels): { readonly kernels: Kernels; held(): number } {
  let held = 0;
  const counted: Partial<Kernels> = {
    allocateFloat32(length) {
      held += 1;
      return kernels.allocateFloat32(length);
    },
    allocateInt32(length) {
      held += 1;
      return kernels.allocateInt32(length);
    },
    release(array) {
      kernels.release(array);
      held -= 1;
    },
  };
  const proxy = new Proxy(kernels, {
    get(target, property) {
      if (property in counted) return Reflect.get(counted, property);
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { kernels: proxy, held: () => held };
}
