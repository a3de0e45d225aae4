/** What the tests of this package train on; no part of the package. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  BATCH_SAMPLER_CONTRACT,
  type BatchSampler,
  EVALUATOR_CONTRACT,
  type Evaluator,
  hashTexts,
  type Kernels,
  LOSS_CONTRACT,
  type Loss,
  TEXT_DATASET_CONTRACT,
  type TextDataset,
  type TrainingEvent,
} from '@embedbag/core';
import { datasetFromColumns } from '@embedbag/datasets';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';
import { afterEach, beforeEach } from 'vitest';
import { train } from './train.js';
import type { TrainingSummary, TrainOptions } from './train-options.js';

const WORDS = 'red green blue stone river cloud bread horse paper lamp glass wheel north south early late'.split(' ');

/** The `i`-th of 3,840 distinct pairs: an anchor and a positive that share two words. */
export function pair(i: number): readonly [string, string] {
  const word = (n: number): string => WORDS[n % WORDS.length]!;
  const [a, b, c] = [word(i), word(i * 7 + Math.floor(i / 16)), word(i * 3 + Math.floor(i / 256))];
  return [`${a} ${b} ${c} ${i}`, `${c} and ${a} ${i + 5000}`];
}

/** A dataset of any columns, also of those that `datasetFromColumns` refuses. */
export function memoryDataset(name: string, columns: Readonly<Record<string, readonly string[]>>): TextDataset {
  const texts = Object.values(columns);
  const hashes = texts.map(hashTexts);
  return {
    contract: TEXT_DATASET_CONTRACT,
    name,
    rowCount: texts[0]!.length,
    columns: Object.keys(columns),
    texts: (column, rows) => Array.from(rows, (row) => texts[column]![row]!),
    textHashes: (column) => hashes[column]!,
  };
}

/** `count` pairs from number `first` on. */
export function pairsDataset(name: string, count: number, first = 0): TextDataset {
  const pairs = Array.from({ length: count }, (_, i) => pair(first + i));
  const anchor = pairs.map(([text]) => text);
  const positive = pairs.map(([, text]) => text);
  return datasetFromColumns({ name, columns: { anchor, positive } });
}

/** A model with the same table at every call; the kernels stay the caller's. */
export function tinyModel(kernels: Kernels, dimension = 8): Promise<StaticEmbedding> {
  const texts = Array.from({ length: 200 }, (_, i) => pair(i).join(' '));
  const tokenizer = tokenizerFromJson(trainWordPiece(texts, { vocabularySize: 150 }));
  return StaticEmbedding.create({ tokenizer, dimension, seed: 7, kernels });
}

/** Hands out the rows in their order, which a dataset of fixed batches needs. */
export function inOrderBatchSampler(): BatchSampler {
  return {
    contract: BATCH_SAMPLER_CONTRACT,
    name: 'IN_ORDER',
    config: {},
    open({ rowCount }, { batchSize }) {
      let position = 0;
      return {
        count: Math.ceil(rowCount / batchSize),
        get position() {
          return position;
        },
        next() {
          const first = position * batchSize;
          if (first >= rowCount) return undefined;
          position += 1;
          return Int32Array.from({ length: Math.min(batchSize, rowCount - first) }, (_, i) => first + i);
        },
        skip(batches) {
          position += batches;
        },
      };
    },
  };
}

/** An evaluator that gives the number of its calls as its score. */
export function countingEvaluator(name = 'counting'): Evaluator {
  let calls = 0;
  return {
    contract: EVALUATOR_CONTRACT,
    name,
    config: {},
    async evaluate() {
      calls += 1;
      return { metrics: { [`${name}_calls`]: calls }, primaryMetric: `${name}_calls` };
    },
  };
}

/** The loss `value(call)`, calls counted from 1, with a gradient of zero. */
export function scriptedLoss(value: (call: number) => number, gradient: (call: number) => number = () => 0): Loss {
  let calls = 0;
  return {
    contract: LOSS_CONTRACT,
    name: 'ScriptedLoss',
    config: {},
    columns: { min: 2, max: 2, labels: 'none' },
    compute(_, gradients) {
      calls += 1;
      for (const matrix of gradients ?? []) matrix.fill(gradient(calls));
      return value(calls);
    },
  };
}

/** The events of one type. */
export function eventsOf<Type extends TrainingEvent['type']>(
  events: readonly TrainingEvent[],
  type: Type,
): Extract<TrainingEvent, { readonly type: Type }>[] {
  return events.filter((event): event is Extract<TrainingEvent, { readonly type: Type }> => event.type === type);
}

/** All values of a model's table. */
export function tableOf(model: StaticEmbedding): number[] {
  return [...model.table.data];
}

/** What every test of {@link useTinyRuns} has anew. */
export interface TinyRuns {
  readonly kernels: Kernels;
  /** An empty folder. */
  readonly folder: string;
  /** The events of all runs of the test. */
  readonly events: readonly TrainingEvent[];
  /** Trains a new tiny model; what a test does not say is a run of 4 steps on 64 pairs. */
  run(options?: Partial<TrainOptions>): Promise<{ readonly model: StaticEmbedding; readonly summary: TrainingSummary }>;
}

async function runTiny(
  tiny: TinyRuns,
  events: TrainingEvent[],
  options: Partial<TrainOptions>,
): Promise<{ readonly model: StaticEmbedding; readonly summary: TrainingSummary }> {
  const model = (options.model as StaticEmbedding | undefined) ?? (await tinyModel(tiny.kernels));
  const summary = await train({
    datasets: [pairsDataset('pairs', 64)],
    loss: multipleNegativesRankingLoss(),
    ...options,
    model,
    arguments: { perDeviceTrainBatchSize: 16, ...options.arguments },
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return { model, summary };
}

/** Gives every test of a file kernels, a folder and a way to train on almost nothing; call it at the top of the file. */
export function useTinyRuns(): TinyRuns {
  let kernels: Kernels;
  let folder: string;
  let events: TrainingEvent[];
  beforeEach(() => {
    kernels = createTypeScriptKernels();
    folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-train-'));
    events = [];
  });
  afterEach(() => {
    kernels.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const tiny: TinyRuns = {
    get kernels() {
      return kernels;
    },
    get folder() {
      return folder;
    },
    get events() {
      return events;
    },
    run: (options = {}) => runTiny(tiny, events, options),
  };
  return tiny;
}
