import {
  EmbedbagError,
  type JsonObject,
  LOSS_CONTRACT,
  type Loss,
  type LossColumns,
  type LossComputeInput,
  type LossPrepareInput,
} from '@embedbag/core';
import type { Scalar, Tensor, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs';
import { type LoadedTensorFlow, loadTensorFlow, type TensorFlow } from './load-tensorflow.js';

/** What a forward function may read beside embeddings and labels. */
export interface TensorFlowBatch<Prepared> {
  readonly rows: number;
  readonly dimension: number;
  /** By column, `[rows]`: 0 where a ragged column has no text. Undefined where all rows count. */
  readonly valid: readonly (Tensor1D | undefined)[];
  /** What the `prepare` of the settings returned. */
  readonly prepared: Prepared;
}

/** Settings of {@link lossFromTensorFlow}. */
export interface LossFromTensorFlowOptions<Prepared = undefined> {
  /** The field's name of the loss. */
  readonly name: string;
  /** Everything needed to make this loss again. Default: empty. */
  readonly config?: JsonObject;
  /** Default: two text columns or more, and no labels. */
  readonly columns?: LossColumns;
  /** BibTeX for the model card. */
  readonly citation?: string;
  /** A TensorFlow.js that is loaded already. Default: what `loadTensorFlow()` finds at the first batch. */
  readonly tensorflow?: LoadedTensorFlow;
  /** What needs texts, time or chance: masks, a guide's embeddings. */
  readonly prepare?: (input: LossPrepareInput, signal: AbortSignal | undefined) => Promise<Prepared>;
  /**
   * The loss as one number, from one matrix `[rows, dimension]` a column and `labels` `[rows, labels a row]`. All operations
   * from an embedding to the result must have a gradient. Its tensors are disposed for it.
   */
  readonly forward: (
    tf: TensorFlow,
    embeddings: readonly Tensor2D[],
    labels: Tensor2D | undefined,
    batch: TensorFlowBatch<Prepared>,
  ) => Scalar;
}

/** What {@link lossFromTensorFlow} makes of a batch before its embeddings exist. */
export interface TensorFlowPrepared<Prepared = unknown> {
  readonly tensorflow: LoadedTensorFlow;
  readonly own: Prepared;
}

const DEFAULT_COLUMNS: LossColumns = { min: 2, labels: 'none' };

function notPrepared(name: string): EmbedbagError {
  return new EmbedbagError({
    code: 'not-prepared',
    message: `Expected \`${name}\` to get what its \`prepare\` returned for the batch, received nothing. Call \`prepare\` first, or make the loss with \`tensorflow: await loadTensorFlow()\`.`,
  });
}

function notScalar(name: string, shape: readonly number[]): EmbedbagError {
  return new EmbedbagError({
    code: 'loss-not-scalar',
    message: `Expected \`forward\` of \`${name}\` to return one number, received a tensor of shape [${shape.join(', ')}]. End it with \`tf.mean\` or \`tf.sum\`.`,
    details: { shape: [...shape] },
  });
}

function notDifferentiable(name: string, cause: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'loss-not-differentiable',
    message: `Expected \`forward\` of \`${name}\` to lead from the embeddings to its result through operations with a gradient, received one that does not: ${(cause as Error).message.split('\n')[0]} Use other operations, and no \`dataSync\`.`,
    cause,
  });
}

/** The embeddings and labels of a batch as tensors; the caller's `tidy` disposes them. */
function evaluate<Prepared>(
  tf: TensorFlow,
  options: LossFromTensorFlowOptions<Prepared>,
  input: LossComputeInput<unknown>,
  own: Prepared,
  embeddings: readonly Tensor2D[],
): Scalar {
  const { rows, dimension, labels } = input;
  const valid = input.embeddings.map((_, column) => {
    const mask = input.valid?.[column];
    return mask && tf.tensor1d(Float32Array.from(mask.subarray(0, rows)));
  });
  const labelTensor = labels && tf.tensor2d(labels, [rows, labels.length / Math.max(rows, 1)]);
  const value: Tensor = options.forward(tf, embeddings, labelTensor, { rows, dimension, valid, prepared: own });
  if (value.size !== 1) throw notScalar(options.name, value.shape);
  return tf.reshape(value, []);
}

/** The loss, and its gradients written into `gradients`; a column that the loss does not use gets zeros. */
function evaluateWithGradients<Prepared>(
  tf: TensorFlow,
  options: LossFromTensorFlowOptions<Prepared>,
  input: LossComputeInput<unknown>,
  own: Prepared,
  gradients: readonly Float32Array[],
): number {
  const { rows, dimension } = input;
  const variables: Variable[] = [];
  try {
    return tf.tidy(() => {
      for (const data of input.embeddings) {
        variables.push(tf.variable(tf.tensor2d(data.subarray(0, rows * dimension), [rows, dimension])));
      }
      let isForwardDone = false;
      const forward = (): Scalar => {
        const value = evaluate(tf, options, input, own, variables as Tensor[] as Tensor2D[]);
        isForwardDone = true;
        return value;
      };
      let found: ReturnType<TensorFlow['variableGrads']>;
      try {
        found = tf.variableGrads(forward, variables);
      } catch (error) {
        throw isForwardDone ? notDifferentiable(options.name, error) : error;
      }
      for (const [column, gradient] of gradients.entries()) {
        const values = found.grads[variables[column]!.name]?.dataSync();
        if (values === undefined) gradient.fill(0, 0, rows * dimension);
        else gradient.set(values);
      }
      return found.value.dataSync()[0]!;
    });
  } finally {
    for (const variable of variables) variable.dispose();
  }
}

/**
 * A loss written in TensorFlow.js operations; its gradients come from automatic differentiation.
 *
 * Inputs: any number of text columns, and labels where `columns` asks for them; each embedding matrix `[rows, dimension]`.
 * The loss runs wherever a loss does, on any kernels, inside `matryoshkaLoss` and `sumOfLosses` too. TensorFlow.js is
 * loaded at the first batch. All tensors are disposed.
 *
 * @throws EmbedbagError at the first batch as `loadTensorFlow`; from `compute` `loss-not-scalar` and
 * `loss-not-differentiable` for a `forward` that cannot be trained on.
 *
 * @example
 * ```ts
 * const loss = lossFromTensorFlow({
 *   name: 'PairDistanceLoss',
 *   forward: (tf, [anchors, positives]) => tf.mean(tf.squaredDifference(anchors!, positives!)),
 * });
 * ```
 */
export function lossFromTensorFlow<Prepared = undefined>(
  options: LossFromTensorFlowOptions<Prepared>,
): Loss<TensorFlowPrepared<Prepared>> {
  let { tensorflow } = options;
  return {
    contract: LOSS_CONTRACT,
    name: options.name,
    config: options.config ?? {},
    columns: options.columns ?? DEFAULT_COLUMNS,
    ...(options.citation === undefined ? {} : { citation: options.citation }),
    async prepare(input, signal) {
      tensorflow ??= await loadTensorFlow();
      return { tensorflow, own: (await options.prepare?.(input, signal)) as Prepared };
    },
    compute(input, gradients) {
      const loaded = input.prepared?.tensorflow ?? tensorflow;
      if (loaded === undefined) throw notPrepared(options.name);
      const { tf, registeredName } = loaded;
      if (tf.getBackend() !== registeredName) void tf.setBackend(registeredName);
      const own = input.prepared?.own as Prepared;
      if (input.rows === 0) return 0;
      if (gradients !== undefined) return evaluateWithGradients(tf, options, input, own, gradients);
      return tf.tidy(() => {
        const { rows, dimension } = input;
        const matrices = input.embeddings.map((data) =>
          tf.tensor2d(data.subarray(0, rows * dimension), [rows, dimension]),
        );
        return evaluate(tf, options, input, own, matrices).dataSync()[0]!;
      });
    },
  };
}
