import { type AdamWTable, EmbedbagError, type Kernels, type Matrix, type SparseRows } from '@embedbag/core';
import { MissedSteps } from './missed-steps.js';

/** The values of {@link AdamWMode}. */
export const ADAMW_MODES = ['dense', 'deferred', 'lazy'] as const;

/** Which rows of the table a step updates: see {@link AdamWOptions.mode}. */
export type AdamWMode = (typeof ADAMW_MODES)[number];

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
  /**
   * `dense` updates every row at every step, also those without a gradient, as PyTorch does. `deferred` gives the same bytes:
   * it updates the rows with a gradient, keeps account of what the others miss, and has them go through it when `catchUp` says
   * that they will be read; kernels without `startAdamW` update every row. `lazy` leaves the rows without a gradient out for
   * good: their moments do not fade and they do not move, which gives other numbers. Default `dense`.
   */
  readonly mode?: AdamWMode;
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
  /** What rows have missed, in the mode `deferred`; updated in place. */
  readonly missed?: MissedSteps;
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
  /** Work that needs no kernels, done while other threads begin. */
  readonly meanwhile?: () => void;
}

/** The rows that {@link AdamW.catchUp} brings up to date. */
export interface AdamWCatchUp {
  readonly kernels: Kernels;
  /** Updated in place. */
  readonly table: Matrix;
  /** Row numbers, also the same several times. Default: all rows. */
  readonly ids?: Int32Array;
}

/** An optimizer without a memory of its own: the state goes in and comes out. */
export interface AdamW {
  readonly options: Required<AdamWOptions>;
  /**
   * The state before the first step; give it back with `release`.
   * Throws `lazy-not-supported` in the mode `lazy` when the kernels lack `startAdamW`.
   */
  init(kernels: Kernels, table: Pick<Matrix, 'rows' | 'columns'>): AdamWState;
  /** Updates the table and the moments in place; the returned state replaces the given one and shares its arrays. */
  update(state: AdamWState, update: AdamWUpdate): AdamWState;
  /**
   * Has rows go through the steps that they have missed. In the mode `deferred` it must precede every reading of the table or
   * the moments, a forward pass included; in the others it does nothing.
   */
  catchUp(state: AdamWState, catchUp: AdamWCatchUp): void;
  /** Gives the moments back to the kernels. */
  release(kernels: Kernels, state: AdamWState): void;
}

function refuseLazy(kernels: Kernels): EmbedbagError {
  return new EmbedbagError({
    code: 'lazy-not-supported',
    message: `Expected kernels with \`startAdamW\` for the optimizer \`lazy\`, received \`${kernels.backend}\` kernels without. Use \`dense\`, or other kernels.`,
    details: { backend: kernels.backend },
  });
}

function initialState(
  kernels: Kernels,
  mode: AdamWMode,
  { rows, columns }: Pick<Matrix, 'rows' | 'columns'>,
): AdamWState {
  const hasStart = kernels.startAdamW !== undefined;
  if (mode === 'lazy' && !hasStart) throw refuseLazy(kernels);
  const firstMoment = kernels.allocateFloat32(rows * columns);
  try {
    const moments = { firstMoment, secondMoment: kernels.allocateFloat32(rows * columns) };
    const missed = mode === 'deferred' && hasStart ? { missed: new MissedSteps(rows) } : {};
    return { step: 0, ...moments, beta1Power: 1, beta2Power: 1, ...missed };
  } catch (error) {
    kernels.release(firstMoment);
    throw error;
  }
}

/**
 * AdamW as PyTorch has it, over a table of which only some rows have a gradient.
 * Decoupled weight decay: Loshchilov and Hutter, 2019.
 *
 * @example
 * ```ts
 * const optimizer = createAdamW({ weightDecay: 0.01 });
 * let state = optimizer.init(kernels, table);
 * state = optimizer.update(state, { kernels, table, gradient, gradientScale: 1, learningRate: 0.2 });
 * ```
 */
export function createAdamW(options: AdamWOptions = {}): AdamW {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, mode = 'dense' } = options;
  const subject = ({ firstMoment, secondMoment }: AdamWState, table: Matrix): AdamWTable => {
    return { table, firstMoment, secondMoment, beta1, beta2, epsilon, weightDecay };
  };
  const catchUp: AdamW['catchUp'] = (state, { kernels, table, ids }) => {
    if (state.missed === undefined) return;
    const missed = ids === undefined ? state.missed.takeAll() : state.missed.take(ids);
    if (missed.count > 0) kernels.adamWReplay?.({ ...subject(state, table), ...missed });
  };
  return {
    options: { beta1, beta2, epsilon, weightDecay, mode },
    init: (kernels, table) => initialState(kernels, mode, table),
    update(state, { kernels, table, meanwhile, ...step }) {
      const beta1Power = state.beta1Power * beta1;
      const beta2Power = state.beta2Power * beta2;
      const rates = { ...step, biasCorrection1: 1 - beta1Power, biasCorrection2: 1 - beta2Power };
      const onlyTouched = mode === 'lazy' || state.missed !== undefined;
      const whole = { ...subject(state, table), ...rates };
      const finish = kernels.startAdamW?.(whole, { onlyTouched }) ?? (() => kernels.adamW(whole));
      try {
        meanwhile?.();
      } finally {
        finish();
      }
      state.missed?.add(rates, step.gradient);
      if (state.missed?.isFull) catchUp(state, { kernels, table });
      return { ...state, step: state.step + 1, beta1Power, beta2Power };
    },
    catchUp,
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
