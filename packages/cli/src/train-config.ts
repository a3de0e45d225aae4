import type { JsonObject } from '@embedbag/core';
import type { InitialTable } from '@embedbag/distillation';
import type { TrainingArgumentsInput } from '@embedbag/trainer';
import type { KernelOptions } from './kernel-options.js';
import type { RecipeName } from './training-recipes.js';

/** What `embedbag train --config` reads: the same as its flags, as plain values. Paths begin at the config's own folder. */
export interface TrainConfig {
  /** Files of rows, folders, patterns, or `hf://datasets/...`; each file is a dataset. */
  readonly train: string | readonly string[];
  /** By role, the column to use. Default: the columns of the roles' names. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Read texts from the files when they are needed; a folder keeps what the first pass over them found. Default false. */
  readonly streaming?: boolean | string;
  /** Held-out rows, whose loss is an evaluation. */
  readonly evalData?: string | readonly string[];
  /** A folder in BEIR layout, or one that holds such folders, to evaluate on. */
  readonly eval?: string;
  /** A tokenizer.json, or the id of a model on the hub, to begin with a new table. */
  readonly tokenizer?: string;
  /** A saved model, or the id of one on the hub, to go on with. Either this or `tokenizer`. */
  readonly model?: string;
  /** Settings that were measured together, which the others replace: see `TRAINING_RECIPES`. Default: none. */
  readonly recipe?: RecipeName;
  /** Columns of a new table. Default 1024. */
  readonly dimension?: number;
  /** What a new table begins with. Default `{ kind: 'random' }`. */
  readonly initialTable?: InitialTable;
  /** The prefixes that are trained. Default: halves of the dimension down to 32. */
  readonly matryoshkaDims?: readonly number[];
  /** A built-in loss by name, the path of a module, or a package, with `#export` behind. Default `multiple-negatives-ranking`. */
  readonly loss?: string;
  readonly lossOptions?: JsonObject;
  /** Short for the loss's option `scale`. */
  readonly scale?: number;
  /** Default `auto`. */
  readonly backend?: KernelOptions['backend'];
  /** Default: one a core. */
  readonly threads?: number;
  /** See `ARGUMENT_RULES` of @embedbag/trainer; `outputDir` is where the model goes. */
  readonly arguments?: TrainingArgumentsInput;
}

/**
 * Gives a config in TypeScript or JavaScript its type; returns it as it is.
 *
 * @example
 * ```ts
 * // run.ts, for `embedbag train --config run.ts`
 * import { defineConfig } from '@embedbag/cli';
 *
 * export const config = defineConfig({
 *   train: 'pairs.jsonl',
 *   tokenizer: 'tokenizer.json',
 *   arguments: { outputDir: 'output/first', learningRate: 0.1, saveStrategy: 'steps' },
 * });
 * ```
 */
export function defineConfig(config: TrainConfig): TrainConfig {
  return config;
}
