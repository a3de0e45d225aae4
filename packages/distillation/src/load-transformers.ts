import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { EmbedbagError } from '@embedbag/core';

/** What is used of a tensor of @huggingface/transformers. */
export interface TransformersTensor {
  readonly data: Float32Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** What is used of a tokenizer of @huggingface/transformers. */
export interface TransformersTokenizer {
  (text: string, options: object): { readonly input_ids: { readonly data: ArrayLike<bigint | number> } };
  get_vocab(): Map<string, number> | Record<string, number>;
  readonly pad_token_id?: number | null;
}

/** What is used of a model of @huggingface/transformers. */
export interface TransformersModel {
  (inputs: Readonly<Record<string, TransformersTensor>>): Promise<Readonly<Record<string, TransformersTensor>>>;
  readonly sessions: Readonly<Record<string, { readonly inputNames: readonly string[] }>>;
  readonly config: { readonly max_position_embeddings?: number };
  dispose(): Promise<unknown>;
}

/** What is used of @huggingface/transformers 4. */
export interface Transformers {
  readonly env: {
    readonly version: string;
    allowRemoteModels: boolean;
    localModelPath: string;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => TransformersTensor;
  readonly AutoTokenizer: { from_pretrained(id: string, options: object): Promise<TransformersTokenizer> };
  readonly AutoModel: { from_pretrained(id: string, options: object): Promise<TransformersModel> };
}

const NAME = '@huggingface/transformers';

/**
 * The optional package, from beside this one or from where it is installed for the folder `from`.
 *
 * @throws EmbedbagError `transformers-missing`.
 */
export function loadTransformers(from?: string): Transformers {
  const require = createRequire(from === undefined ? import.meta.url : resolve(from, 'package.json'));
  try {
    return require(NAME) as Transformers;
  } catch (cause) {
    const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    const isMissing = line.includes(`Cannot find module '${NAME}'`);
    throw new EmbedbagError({
      code: 'transformers-missing',
      message: `Expected the package \`${NAME}\` for a teacher in ONNX, received ${isMissing ? 'none' : `one that does not load: ${line}`}. Run \`npm install ${NAME}\`${from === undefined ? '' : ` in \`${from}\``}.`,
      details: { from: from ?? null },
      cause,
    });
  }
}
