import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbedbagError, type Matrix, parseHubId } from '@embedbag/core';
import { loadTransformers, type Transformers } from './load-transformers.js';
import { type EncoderParts, embedIds, type Pooling } from './run-encoder.js';
import type { Teacher } from './teacher.js';
import { textOfToken } from './text-of-token.js';

/** Settings of {@link transformerTeacher}. */
export interface TransformerTeacherOptions {
  /** What becomes of a text's hidden states: their mean, or the first one, that of `[CLS]`. Default `mean`. */
  readonly pooling?: Pooling;
  /** The weights: `fp32` is `onnx/model.onnx`, `q8` `onnx/model_quantized.onnx`, ... Default `fp32`. */
  readonly dtype?: 'fp32' | 'fp16' | 'q8' | 'int8' | 'uint8' | 'q4';
  /** The branch, tag or commit of a model of the hub. Default: that of the id, `main`. */
  readonly revision?: string;
  /** Texts are cut to so many tokens, special ones included. Default: what the model takes. */
  readonly maxTokens?: number;
  /** Take the @huggingface/transformers that is installed for this folder. Default: the one beside this package. */
  readonly from?: string;
}

/** A transformer as teacher, and as guide of a loss. */
export interface TransformerTeacher extends Teacher {
  readonly tokens: NonNullable<Teacher['tokens']>;
  /** Gives the session's memory back. */
  dispose(): Promise<void>;
}

/**
 * A sentence encoder in ONNX as teacher: `source` is a folder with `config.json`, `tokenizer.json` and `onnx/model.onnx`, or
 * the id of a model of the Hugging Face Hub, `owner/name@revision`, which @huggingface/transformers downloads. It needs that
 * package, version 4; nothing is asked of the network for a folder.
 *
 * Embeddings are not normalised. A token of its vocabulary, such as `##ing`, is embedded by its id between the special
 * tokens, as model2vec does.
 *
 * @throws EmbedbagError `transformers-missing`, `teacher-not-found`, `teacher-without-onnx`, `teacher-not-loadable`.
 *
 * @example
 * ```ts
 * const teacher = await transformerTeacher('all-MiniLM-L6-v2-onnx');
 * const { model } = await distill(teacher, { tokenizer, teacherName: 'all-MiniLM-L6-v2' });
 * await teacher.dispose();
 * ```
 */
export async function transformerTeacher(
  source: string,
  options: TransformerTeacherOptions = {},
): Promise<TransformerTeacher> {
  const { pooling = 'mean', dtype = 'fp32', maxTokens } = options;
  const isFolder = await checkSource(source, dtype);
  const transformers = loadTransformers(options.from);
  const parsed = isFolder ? undefined : parseHubId(source);
  const revision = options.revision ?? parsed?.revision;
  const settings = {
    dtype,
    device: 'cpu',
    local_files_only: isFolder,
    ...(revision === undefined ? {} : { revision }),
  };
  const { tokenizer, model } = await load(transformers, source, parsed?.name, settings);
  const limit = maxTokens ?? model.config.max_position_embeddings ?? 512;
  const parts: EncoderParts = { transformers, model, pooling, padId: tokenizer.pad_token_id ?? 0 };
  const allIdsOf = (text: string): number[] => {
    const { input_ids } = tokenizer(text, { truncation: false, padding: false });
    return Array.from(input_ids.data, Number);
  };
  const vocabulary = tokenizer.get_vocab();
  const idOf = (token: string): number | undefined =>
    vocabulary instanceof Map
      ? vocabulary.get(token)
      : Object.hasOwn(vocabulary, token)
        ? vocabulary[token]
        : undefined;
  const special = specialIds(allIdsOf);
  // Cut here: the package itself would cut the special tokens at the end off.
  const idsOf = (text: string): number[] => {
    const ids = allIdsOf(text);
    return ids.length <= limit ? ids : [...ids.slice(0, limit - special.after.length), ...special.after];
  };
  const idsOfToken = (token: string): number[] => {
    const id = idOf(token);
    return id === undefined ? idsOf(textOfToken(token, 'wordpiece')) : [...special.before, id, ...special.after];
  };
  const embed = (texts: readonly string[], signal?: AbortSignal): Promise<Matrix> =>
    embedIds(parts, texts.map(idsOf), signal);
  return Object.assign(embed, {
    tokens: (tokens: readonly string[], signal?: AbortSignal) => embedIds(parts, tokens.map(idsOfToken), signal),
    dispose: async (): Promise<void> => {
      await model.dispose();
    },
  });
}

/** The special tokens around a text: what the empty text has, split where that of `a` differs. */
function specialIds(idsOf: (text: string) => number[]): { before: number[]; after: number[] } {
  const empty = idsOf('');
  const one = idsOf('a');
  let split = 0;
  while (split < empty.length && empty[split] === one[split]) split += 1;
  return { before: empty.slice(0, split), after: empty.slice(split) };
}

const ONNX_FILES: Readonly<Record<NonNullable<TransformerTeacherOptions['dtype']>, string>> = {
  fp32: 'model.onnx',
  fp16: 'model_fp16.onnx',
  q8: 'model_quantized.onnx',
  int8: 'model_int8.onnx',
  uint8: 'model_uint8.onnx',
  q4: 'model_q4.onnx',
};

/** Whether `source` is a folder, which then has all files; false where it is an id. */
async function checkSource(source: string, dtype: keyof typeof ONNX_FILES): Promise<boolean> {
  const status = await stat(source).catch(() => undefined);
  if (status?.isDirectory()) {
    const missing: string[] = [];
    for (const file of ['config.json', 'tokenizer.json', `onnx/${ONNX_FILES[dtype]}`]) {
      if ((await stat(join(source, file)).catch(() => undefined)) === undefined) missing.push(`\`${file}\``);
    }
    if (missing.length === 0) return true;
    const entries = (await readdir(source)).slice(0, 8).map((entry) => `\`${entry}\``);
    throw new EmbedbagError({
      code: 'teacher-without-onnx',
      message: `Expected ${missing.join(', ')} in the teacher's folder \`${source}\`, received ${entries.join(', ') || 'an empty folder'}. Export the model to ONNX, such as with \`optimum-cli export onnx\`, and put the model into \`onnx\`.`,
      details: { folder: source, missing },
    });
  }
  if (status === undefined && parseHubId(source) !== undefined) return false;
  throw new EmbedbagError({
    code: 'teacher-not-found',
    message: `Expected \`${source}\` to be a folder with a model in ONNX or the id of a model of the hub, received ${status === undefined ? 'neither' : 'a file'}. Check the path.`,
    details: { source },
  });
}

/** Loads both parts; for a folder the package's settings point to it while it loads, and are as they were after that. */
async function load(
  { AutoModel, AutoTokenizer, env }: Transformers,
  source: string,
  hubName: string | undefined,
  settings: object,
): Promise<{
  tokenizer: Awaited<ReturnType<Transformers['AutoTokenizer']['from_pretrained']>>;
  model: Awaited<ReturnType<Transformers['AutoModel']['from_pretrained']>>;
}> {
  const { allowRemoteModels, localModelPath } = env;
  const folder = resolve(source);
  try {
    if (hubName === undefined) {
      env.allowRemoteModels = false;
      env.localModelPath = dirname(folder);
    }
    const id = hubName ?? basename(folder);
    return {
      tokenizer: await AutoTokenizer.from_pretrained(id, settings),
      model: await AutoModel.from_pretrained(id, settings),
    };
  } catch (cause) {
    const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new EmbedbagError({
      code: 'teacher-not-loadable',
      message: `Expected @huggingface/transformers ${env.version} to load \`${source}\`, received: ${line.trim()} Check that it is a text encoder in ONNX.`,
      details: { source },
      cause,
    });
  } finally {
    env.allowRemoteModels = allowRemoteModels;
    env.localModelPath = localModelPath;
  }
}
