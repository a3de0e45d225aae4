import type { Kernels, Matrix, SparseRows } from '@embedbag/core';

/** The constants of {@link createAdamW}. */
export interface AdamWOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added after the bias-corrected root. Default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled: the table shrinks by `learningRate * weightDecay` of itself. Default 0. */
  readonly weightDecay?: number;
}

/** What AdamW remembers between steps. The arrays lie in the kernels' memory and are updated in place. */
export interface AdamWState {
  /** Steps taken. */
  readonly step: number;
  /** Same length as the table. */
  readonly firstMoment: Float32Array;
  /** Same length as the table. */
  readonly secondMoment: Float32Array;
  /** `beta1^step`, a running product, since engines differ in powers. */
  readonly beta1Power: number;
  /** `beta2^step`. */
  readonly beta2Power: number;
}

/** One step of {@link AdamW.update}. */
export interface AdamWUpdate {
  readonly kernels: Kernels;
  /** Updated in place. */
  readonly table: Matrix;
  readonly gradient: SparseRows;
  /** Multiplies the gradient before use. */
  readonly gradientScale: number;
  readonly learningRate: number;
}

/** An optimizer without a memory of its own: the state goes in and comes out. */
export interface AdamW {
  readonly options: Required<AdamWOptions>;
  /** The state before the first step, for a table of `length` values; give it back with `release`. */
  init(kernels: Kernels, length: number): AdamWState;
  /** Updates the table and the moments in place; the returned state replaces the given one and shares its arrays. */
  update(state: AdamWState, update: AdamWUpdate): AdamWState;
  /** Gives the moments back to the kernels. */
  release(kernels: Kernels, state: AdamWState): void;
}

/**
 * AdamW as PyTorch has it, over a table of which only some rows have a gradient; every row is updated at every step.
 * Decoupled weight decay: Loshchilov and Hutter, 2019.
 *
 * @example
 * ```ts
 * const optimizer = createAdamW({ weightDecay: 0.01 });
 * let state = optimizer.init(kernels, table.rows * table.columns);
 * state = optimizer.update(state, { kernels, table, gradient, gradientScale: 1, learningRate: 0.2 });
 * ```
 */
export function createAdamW(options: AdamWOptions = {}): AdamW {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  return {
    options: { beta1, beta2, epsilon, weightDecay },
    init(kernels, length) {
      const firstMoment = kernels.allocateFloat32(length);
      try {
        return { step: 0, firstMoment, secondMoment: kernels.allocateFloat32(length), beta1Power: 1, beta2Power: 1 };
      } catch (error) {
        kernels.release(firstMoment);
        throw error;
      }
    },
    update(state, { kernels, ...step }) {
      const beta1Power = state.beta1Power * beta1;
      const beta2Power = state.beta2Power * beta2;
      const { firstMoment, secondMoment } = state;
      const bias = { biasCorrection1: 1 - beta1Power, biasCorrection2: 1 - beta2Power };
      kernels.adamW({ ...step, ...bias, firstMoment, secondMoment, beta1, beta2, epsilon, weightDecay });
      return { step: state.step + 1, firstMoment, secondMoment, beta1Power, beta2Power };
    },
    release(kernels, state) {
      kernels.release(state.firstMoment);
      kernels.release(state.secondMoment);
    },
  };
}

/**
 * What a gradient with Euclidean norm `norm` is multiplied by so that its norm is at most `maxNorm`: `min(1, maxNorm / (norm + 1e-6))`
 * as in PyTorch's `clip_grad_norm_`; 1 when `maxNorm` is 0.
 */
export function clipCoefficient(norm: number, maxNorm: number): number {
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}
