import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EmbedbagError, isEmbedbagError, type JsonObject } from '@embedbag/core';
import type { InitialTable } from '@embedbag/distillation';
import { resolveTrainingArguments, type TrainingArguments, type TrainingArgumentsInput } from '@embedbag/trainer';
import { readTrainConfig } from './read-train-config.js';
import type { TrainConfig } from './train-config.js';
import { configMistakes } from './train-config-rules.js';
import { argumentFlag } from './training-argument-options.js';
import { withRecipe } from './training-recipes.js';

/** A {@link TrainConfig} with its defaults, and with paths that mean the same in every folder. */
export interface ResolvedTrainConfig extends Omit<TrainConfig, 'train' | 'evalData' | 'recipe' | 'arguments'> {
  readonly train: readonly string[];
  readonly evalData?: readonly string[];
  readonly dimension: number;
  readonly loss: string;
  readonly arguments: TrainingArguments & { readonly outputDir: string };
}

/** What the flags gave; what they did not give is undefined. */
export interface TrainFlags extends Omit<Partial<TrainConfig>, 'arguments'> {
  /** The config's file. */
  readonly config?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Options of losses that name a model or guide embeddings, and the one that keeps a model's name as it was written. */
const MODEL_OPTIONS = [
  ['guide', 'guideName'],
  ['teacher', 'teacherName'],
] as const;

const list = (paths: string | readonly string[]): readonly string[] => (typeof paths === 'string' ? [paths] : paths);

const dataPath = (base: string, path: string): string => (path.startsWith('hf://') ? path : resolve(base, path));

/** A path if there is something, and else the name of a repository on the hub. */
function pathOrName(base: string, text: string): string {
  const path = resolve(base, text);
  return existsSync(path) ? path : text;
}

/** Of `./my-loss.js#name` the path; names of losses and packages stay. */
function lossPath(base: string, loss: string): string {
  const [source = '', exportName] = loss.split('#', 2);
  if (!/^\.{1,2}[\\/]|\.[cm]?[jt]s$/.test(source)) return loss;
  return `${resolve(base, source)}${exportName === undefined ? '' : `#${exportName}`}`;
}

function lossOptionsWithPaths(base: string, options: JsonObject): JsonObject {
  const paths = MODEL_OPTIONS.flatMap(([role, nameOption]) => {
    const written = options[role];
    if (typeof written !== 'string') return [];
    const path = pathOrName(base, written);
    // Guide embeddings have a name of their own.
    const name = options[nameOption] ?? (existsSync(join(path, 'guide.json')) ? undefined : written);
    return [[role, path], ...(name === undefined ? [] : [[nameOption, name]])];
  });
  return { ...options, ...Object.fromEntries(paths) };
}

function initialTableWithPath(base: string, initial: InitialTable): InitialTable {
  if (initial.kind === 'teacher') return { ...initial, vectors: resolve(base, initial.vectors) };
  return initial.kind === 'model2vec' ? { ...initial, model: pathOrName(base, initial.model) } : initial;
}

/** The settings of `config` that hold paths, with paths that begin at `base`. */
function withPaths(config: Partial<TrainConfig>, base: string): Partial<TrainConfig> {
  const { train, streaming, evalData, eval: retrieval, tokenizer, model, loss, lossOptions, arguments: args } = config;
  const outputDir = args?.outputDir;
  return {
    ...config,
    ...(train !== undefined && { train: list(train).map((path) => dataPath(base, path)) }),
    ...(typeof streaming === 'string' && { streaming: resolve(base, streaming) }),
    ...(evalData !== undefined && { evalData: list(evalData).map((path) => dataPath(base, path)) }),
    ...(retrieval !== undefined && { eval: resolve(base, retrieval) }),
    ...(tokenizer !== undefined && { tokenizer: pathOrName(base, tokenizer) }),
    ...(model !== undefined && { model: pathOrName(base, model) }),
    ...(config.initialTable && { initialTable: initialTableWithPath(base, config.initialTable) }),
    ...(loss !== undefined && { loss: lossPath(base, loss) }),
    ...(lossOptions !== undefined && { lossOptions: lossOptionsWithPaths(base, lossOptions) }),
    ...(typeof outputDir === 'string' &&
      outputDir !== '' && { arguments: { ...args, outputDir: resolve(base, outputDir) } }),
  };
}

type MergedConfig = { readonly [Name in keyof TrainConfig]?: TrainConfig[Name] | undefined };

/** What is missing, or there twice. */
function missingMistakes({ train, tokenizer, model, initialTable, arguments: args }: MergedConfig): string[] {
  const mistakes: string[] = [];
  if (train === undefined) mistakes.push('`--train`: expected files of rows, received none. Name some.');
  if (initialTable !== undefined && model !== undefined) {
    mistakes.push('`--initial-table`: expected it with `--tokenizer`, received it with `--model`. Leave one out.');
  }
  if (args?.outputDir === undefined) {
    mistakes.push('`--output`: expected a folder for the model, received none. Name one.');
  }
  if ((tokenizer === undefined) === (model === undefined)) {
    const received = model === undefined ? 'neither' : 'both';
    mistakes.push(
      `\`--tokenizer\` or \`--model\`: expected one of them, received ${received}. Give a tokenizer.json to begin with a random table, or a model folder to go on with it.`,
    );
  }
  return mistakes;
}

function argumentMistakes(
  input: TrainingArgumentsInput,
  flags: TrainFlags['arguments'],
): { readonly resolved?: TrainingArguments; readonly mistakes: readonly string[] } {
  try {
    return { resolved: resolveTrainingArguments(input), mistakes: [] };
  } catch (error) {
    if (!isEmbedbagError(error) || error.code !== 'invalid-training-arguments') throw error;
    const mistakes = error.details.mistakes as readonly string[];
    // Named as they were given.
    const named = mistakes.map((mistake) =>
      mistake.replaceAll(/`(\w+)`/g, (whole, name: string) => (name in flags ? `\`${argumentFlag(name)}\`` : whole)),
    );
    return { mistakes: named };
  }
}

function refuse(mistakes: readonly string[], file: string | undefined): EmbedbagError {
  const where = file === undefined ? '' : ` from ${file}`;
  const found =
    mistakes.length === 1
      ? `a mistake in ${mistakes[0]}`
      : `${mistakes.length} mistakes:\n${mistakes.map((line) => `- ${line}`).join('\n')}`;
  return new EmbedbagError({
    code: 'invalid-train-config',
    message: `Expected settings of a run that can begin${where}, received ${found}`,
    details: { mistakes },
  });
}

/** Steps between evaluations or checkpoints, given as flags, ask for them too. */
function impliedStrategies(
  flags: TrainFlags['arguments'],
  args: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    ...('evalSteps' in flags && args.evalStrategy === undefined && { evalStrategy: 'steps' }),
    ...('saveSteps' in flags && args.saveStrategy === undefined && { saveStrategy: 'steps' }),
  };
}

/**
 * The settings of a run: those of its config, replaced by its flags, with those of the recipe and the defaults for what neither gave. Paths of the config
 * begin at its folder, those of flags at the present one.
 *
 * @throws EmbedbagError `invalid-train-config`, which lists all mistakes together; `config-missing`, `config-failed`,
 * `config-invalid`.
 */
export async function resolveTrainConfig(flags: TrainFlags): Promise<ResolvedTrainConfig> {
  const { config: file, arguments: flagArguments, ...flagSettings } = flags;
  const read = file === undefined ? {} : await readTrainConfig(file);
  const mistakes = configMistakes(read);
  if (mistakes.length > 0) throw refuse(mistakes, file);
  const base = file === undefined ? process.cwd() : dirname(resolve(file));
  const config = withPaths(read as Partial<TrainConfig>, base);
  const given = Object.fromEntries(Object.entries(flagSettings).filter(([, value]) => value !== undefined));
  const own = withPaths({ ...given, arguments: flagArguments as TrainingArgumentsInput }, process.cwd());
  const both: Partial<TrainConfig> = { ...config, ...own };
  // A flag for the one takes the place of the other in the config.
  const start = own.model !== undefined && own.tokenizer === undefined ? { tokenizer: undefined } : {};
  const instead = own.tokenizer !== undefined && own.model === undefined ? { model: undefined } : {};
  const args = { ...config.arguments, ...own.arguments };
  const settings: MergedConfig = withRecipe({
    ...{ ...both, ...start, ...instead },
    arguments: { ...args, ...impliedStrategies(flagArguments, args) } as TrainingArgumentsInput,
  });
  const input = settings.arguments ?? {};
  const { resolved, mistakes: wrong } = argumentMistakes(input, flagArguments);
  const all = [...missingMistakes(settings), ...wrong];
  if (all.length > 0 || resolved === undefined) throw refuse(all, file);
  const { tokenizer, model, ...rest } = settings;
  return {
    ...rest,
    ...(tokenizer === undefined ? {} : { tokenizer }),
    ...(model === undefined ? {} : { model }),
    train: list(settings.train!),
    ...(settings.evalData === undefined ? {} : { evalData: list(settings.evalData) }),
    dimension: settings.dimension ?? 1024,
    loss: settings.loss ?? 'multiple-negatives-ranking',
    arguments: resolved as ResolvedTrainConfig['arguments'],
  } as ResolvedTrainConfig;
}
