import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type Tokenizer } from '@embedbag/core';
import {
  endpointTeacher,
  type Pooling,
  readVectors,
  type Teacher,
  type TransformerTeacher,
  type TransformerTeacherOptions,
  teacherFromVectors,
  transformerTeacher,
} from '@embedbag/distillation';
import { type Command, Option } from 'commander';

/** The options that choose a teacher. */
export interface TeacherOptions {
  readonly teacher: string;
  readonly teacherModel?: string;
  readonly apiKeyEnv?: string;
  readonly pooling?: Pooling;
  readonly dtype?: NonNullable<TransformerTeacherOptions['dtype']>;
  readonly maxTokens?: number;
}

/** The options that say more of a teacher than `--teacher`. */
export function addTeacherOptions(command: Command): Command {
  return command
    .option('--teacher-model <name>', "an endpoint's name for its model")
    .option('--api-key-env <name>', "the environment variable that holds an endpoint's key")
    .addOption(
      new Option('--pooling <kind>', "of a transformer's hidden states (default: mean)").choices(['mean', 'cls']),
    )
    .addOption(
      new Option('--dtype <kind>', "a transformer's weights (default: fp32)").choices([
        'fp32',
        'fp16',
        'q8',
        'int8',
        'uint8',
        'q4',
      ]),
    );
}

/** A teacher, and what a cache tells it from others by. */
export interface OpenedTeacher {
  readonly teacher: Teacher;
  /** Undefined where its answers are at hand anyway. */
  readonly cacheName: string | undefined;
  dispose(): Promise<void>;
}

export function isAddress(source: string): boolean {
  return /^https?:\/\//.test(source);
}

export function isVectors(source: string): boolean {
  return /\.(npy|safetensors)$/.test(source);
}

/**
 * The teacher that the options name: an endpoint by its address, vectors by the file's name, else a transformer in ONNX.
 *
 * @throws EmbedbagError `missing-option`, `conflicting-options`, and what the teachers throw.
 */
export async function openTeacher(options: TeacherOptions, tokenizer: Tokenizer): Promise<OpenedTeacher> {
  checkUse(options, kindOf(options.teacher));
  const { teacher: source } = options;
  if (isAddress(source)) {
    const cacheName = JSON.stringify([source, options.teacherModel]);
    return { teacher: openEndpoint(options), cacheName, dispose: async () => undefined };
  }
  if (isVectors(source)) {
    const teacher = teacherFromVectors(await readVectors(source), { tokenizer });
    return { teacher, cacheName: undefined, dispose: async () => undefined };
  }
  const { pooling = 'mean', dtype = 'fp32' } = options;
  const teacher = await openTransformer(options);
  const cacheName = JSON.stringify([await stampOf(source), pooling, dtype]);
  return { teacher, cacheName, dispose: () => teacher.dispose() };
}

/** The kind of teacher that a source is by its looks, for sentences. */
type TeacherKind = 'an endpoint' | 'a file of vectors' | 'a static model' | 'a transformer';

function kindOf(source: string): TeacherKind {
  if (isAddress(source)) return 'an endpoint';
  return isVectors(source) ? 'a file of vectors' : 'a transformer';
}

/** A transformer in ONNX. */
export function openTransformer({ teacher, pooling, dtype, maxTokens }: TeacherOptions): Promise<TransformerTeacher> {
  const from = process.env.EMBEDBAG_TRANSFORMERS;
  return transformerTeacher(teacher, {
    ...(pooling === undefined ? {} : { pooling }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(from === undefined ? {} : { from }),
  });
}

/** A service. @throws EmbedbagError `missing-option`. */
export function openEndpoint({ teacher: url, teacherModel, apiKeyEnv }: TeacherOptions): Teacher {
  if (teacherModel === undefined) {
    throw new EmbedbagError({
      code: 'missing-option',
      message: `Expected \`--teacher-model\` with the endpoint ${url}, received none. Give the name that the service knows the model by.`,
    });
  }
  const apiKey = apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv];
  if (apiKeyEnv !== undefined && !apiKey) {
    throw new EmbedbagError({
      code: 'missing-option',
      message: `Expected a key in the environment variable \`${apiKeyEnv}\`, received none. Set it, or leave out \`--api-key-env\`.`,
    });
  }
  return endpointTeacher(url, { model: teacherModel, ...(apiKey === undefined ? {} : { apiKey }) });
}

/** Throws `conflicting-options` for an option that the teacher would not obey. */
export function checkUse(options: TeacherOptions, kind: TeacherKind): void {
  const { teacher, teacherModel, apiKeyEnv, pooling, dtype, maxTokens } = options;
  const ofEndpoint = { '--teacher-model': teacherModel, '--api-key-env': apiKeyEnv };
  const ofTransformer = { '--pooling': pooling, '--dtype': dtype, '--max-tokens': maxTokens };
  const wrong = {
    ...(kind === 'an endpoint' ? {} : ofEndpoint),
    ...(kind === 'a transformer' ? {} : ofTransformer),
  };
  for (const [option, value] of Object.entries(wrong)) {
    if (value === undefined) continue;
    throw new EmbedbagError({
      code: 'conflicting-options',
      message: `Expected \`${option}\` with another kind of teacher, received it with \`${teacher}\`, ${kind}. Leave it out.`,
    });
  }
}

/** A folder with the time and the size of its model, so that another model at the same place has vectors of its own. */
async function stampOf(source: string): Promise<readonly (string | number)[]> {
  const status = await stat(join(source, 'onnx')).catch(() => undefined);
  if (status === undefined) return [source];
  const { mtimeMs, size } = await stat(join(source, 'onnx', 'model.onnx')).catch(() => status);
  return [await realpath(source), mtimeMs, size];
}
