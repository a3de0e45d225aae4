/**
 * What the example uses of @huggingface/transformers 3 and 4: the package itself downloads hundreds of megabytes of runtimes, so it is
 * not installed here.
 */
declare module '@huggingface/transformers' {
  export interface Tensor {
    /** By the model's type; of embeddings, a Float32Array. */
    readonly data: Float32Array | Uint8Array | BigInt64Array | unknown[];
    readonly dims: readonly number[];
  }
  export type FeatureExtractor = (
    texts: string[],
    options: { readonly pooling?: 'none' | 'mean' | 'cls'; readonly normalize?: boolean },
  ) => Promise<Tensor>;
  export function pipeline(task: 'feature-extraction', model: string): Promise<FeatureExtractor>;
}
