import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type Tokenizer } from '@embedbag/core';
import {
  endpointTeacher,
  type Pooling,
  readVectors,
  type Teacher,
  type TransformerTeacherOptions,
  teacherFromVectors,
  transformerTeacher,
} from '@embedbag/distillation';

/** The options that choose a teacher. */
export interface TeacherOptions {
  readonly teacher: string;
  readonly teacherModel?: string;
  readonly apiKeyEnv?: string;
  readonly pooling?: Pooling;
  readonly dtype?: NonNullable<TransformerTeacherOptions['dtype']>;
}

/** A teacher, and what a cache tells it from others by. */
export interface OpenedTeacher {
  readonly teacher: Teacher;
  /** Undefined where its answers are at hand anyway. */
  readonly cacheName: string | undefined;
  dispose(): Promise<void>;
}

function isAddress(source: string): boolean {
  return /^https?:\/\//.test(source);
}

function isVectors(source: string): boolean {
  return /\.(npy|safetensors)$/.test(source);
}

/**
 * The teacher that the options name: an endpoint by its address, vectors by the file's name, else a transformer in ONNX.
 *
 * @throws EmbedbagError `missing-option`, `conflicting-options`, and what the teachers throw.
 */
export async function openTeacher(options: TeacherOptions, tokenizer: Tokenizer): Promise<OpenedTeacher> {
  checkUse(options);
  const { teacher: source } = options;
  if (isAddress(source)) return openEndpoint(options);
  if (isVectors(source)) {
    const teacher = teacherFromVectors(await readVectors(source), { tokenizer });
    return { teacher, cacheName: undefined, dispose: async () => undefined };
  }
  const { pooling = 'mean', dtype = 'fp32' } = options;
  const from = process.env.EMBEDBAG_TRANSFORMERS;
  const teacher = await transformerTeacher(source, { pooling, dtype, ...(from === undefined ? {} : { from }) });
  const cacheName = JSON.stringify([await stampOf(source), pooling, dtype]);
  return { teacher, cacheName, dispose: () => teacher.dispose() };
}

function openEndpoint({ teacher: url, teacherModel, apiKeyEnv }: TeacherOptions): OpenedTeacher {
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
  const teacher = endpointTeacher(url, { model: teacherModel, ...(apiKey === undefined ? {} : { apiKey }) });
  return { teacher, cacheName: JSON.stringify([url, teacherModel]), dispose: async () => undefined };
}

/** Throws `conflicting-options` for an option that the teacher would not obey. */
function checkUse(options: TeacherOptions): void {
  const { teacher, teacherModel, apiKeyEnv, pooling, dtype } = options;
  const ofEndpoint = { '--teacher-model': teacherModel, '--api-key-env': apiKeyEnv };
  const ofTransformer = { '--pooling': pooling, '--dtype': dtype };
  const kind = isAddress(teacher) ? 'an endpoint' : isVectors(teacher) ? 'a file of vectors' : 'a transformer';
  const wrong = {
    ...(isAddress(teacher) ? {} : ofEndpoint),
    ...(isAddress(teacher) || isVectors(teacher) ? ofTransformer : {}),
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
