import { createRandom, type Kernels, type SparseRows } from '@embedbag/core';
import { createKernels, createTypeScriptKernels } from '@embedbag/kernels';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdamWMode, type AdamWOptions, type AdamWState, createAdamW } from './adamw.js';
import { MOST_MISSED_STEPS } from './missed-steps.js';

const ROWS = 7;
const COLUMNS = 5;

interface Step {
  /** Distinct, ascending. */
  readonly rows: readonly number[];
  readonly learningRate: number;
  /** Rows that are read after the step; all of them for `all`. */
  readonly reads: readonly number[] | 'all';
}

let kernels: Kernels;

afterEach(() => kernels.dispose());

/** What a run of `steps` leaves: the table and the moments. */
function run(options: AdamWOptions, steps: readonly Step[]): Float32Array[] {
  const optimizer = createAdamW(options);
  const table = { data: kernels.allocateFloat32(ROWS * COLUMNS), rows: ROWS, columns: COLUMNS };
  const random = createRandom(1);
  for (let i = 0; i < table.data.length; i++) table.data[i] = random.normal();
  let state: AdamWState = optimizer.init(kernels, table);
  for (const { rows, learningRate, reads } of steps) {
    const ids = Int32Array.from(rows);
    const values = Float32Array.from({ length: rows.length * COLUMNS }, () => random.normal());
    const gradient: SparseRows = { rows: ids, values, count: rows.length, columns: COLUMNS };
    optimizer.catchUp(state, { kernels, table, ids });
    state = optimizer.update(state, { kernels, table, gradient, gradientScale: 0.5, learningRate });
    optimizer.catchUp(state, { kernels, table, ...(reads === 'all' ? {} : { ids: Int32Array.from(reads) }) });
  }
  optimizer.catchUp(state, { kernels, table });
  const left = [table.data, state.firstMoment, state.secondMoment].map((array) => array.slice());
  optimizer.release(kernels, state);
  kernels.release(table.data);
  return left;
}

const someRows = fc.uniqueArray(fc.nat(ROWS - 1)).map((rows) => rows.sort((a, b) => a - b));
const anyRows = fc.array(fc.integer({ min: -1, max: ROWS }), { maxLength: 5 });
const anyStep: fc.Arbitrary<Step> = fc.record({
  rows: someRows,
  learningRate: fc.oneof(fc.constant(0), fc.float({ min: 0, max: 1, noNaN: true })),
  reads: fc.oneof({ weight: 5, arbitrary: anyRows }, { weight: 1, arbitrary: fc.constant('all' as const) }),
});

const KERNELS: readonly (readonly [string, () => Kernels | Promise<Kernels>])[] = [
  ['TypeScript kernels', createTypeScriptKernels],
  ['WebAssembly kernels', () => createKernels({ backend: 'wasm', threads: 2 })],
];

describe.each(KERNELS)('on %s', (_, create) => {
  beforeEach(async () => {
    kernels = await create();
  });

  test.each([0, 0.1])(
    '`deferred` gives the bytes of `dense` after any steps, with a weight decay of %d',
    (weightDecay) => {
      fc.assert(
        fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
          const [dense, deferred] = (['dense', 'deferred'] as const).map((mode) => run({ mode, weightDecay }, steps));
          expect(deferred).toEqual(dense);
        }),
        { numRuns: 60, seed: 7 },
      );
    },
  );

  test('`deferred` gives the bytes of `dense` after more steps than it keeps account of', () => {
    const steps = Array.from({ length: MOST_MISSED_STEPS + 40 }, (_, i): Step => {
      return { rows: i % 300 === 0 ? [2, 5] : [0], learningRate: 0.1 - i * 5e-5, reads: [] };
    });
    expect(run({ mode: 'deferred' }, steps)).toEqual(run({ mode: 'dense' }, steps));
  });

  test('`lazy` moves the rows with a gradient only', () => {
    const steps: Step[] = [
      { rows: [1, 3], learningRate: 0.1, reads: [] },
      { rows: [3], learningRate: 0.1, reads: 'all' },
    ];
    const row = (left: readonly Float32Array[], of: number): Float32Array[] =>
      left.map((array) => array.slice(of * COLUMNS, (of + 1) * COLUMNS));
    const [lazy, once, dense] = [
      run({ mode: 'lazy' }, steps),
      run({ mode: 'dense' }, steps.slice(0, 1)),
      run({ mode: 'dense' }, steps),
    ] as const;
    expect(row(lazy, 1)).toEqual(row(once, 1));
    expect(row(lazy, 3)).toEqual(row(dense, 3));
    expect(row(lazy, 0)).toEqual(row(once, 0));
    expect(row(lazy, 1)).not.toEqual(row(dense, 1));
  });
});

describe('kernels without `startAdamW`', () => {
  beforeEach(() => {
    const whole = createTypeScriptKernels();
    kernels = Object.assign(Object.create(whole), { startAdamW: undefined, adamWReplay: undefined });
  });

  test('update every row in the mode `deferred`', () => {
    const steps: Step[] = [
      { rows: [1], learningRate: 0.1, reads: [] },
      { rows: [2], learningRate: 0.1, reads: [] },
    ];
    expect(run({ mode: 'deferred' }, steps)).toEqual(run({ mode: 'dense' }, steps));
  });

  test('are refused in the mode `lazy`', () => {
    expect(() => run({ mode: 'lazy' }, [])).toThrow(
      'Expected kernels with `startAdamW` for the optimizer `lazy`, received `typescript` kernels without. Use `dense`, or other kernels.',
    );
  });
});

test.each<AdamWMode>(['dense', 'deferred'])('work given to `%s` is done while the step is under way', (mode) => {
  kernels = createTypeScriptKernels();
  const optimizer = createAdamW({ mode });
  const table = { data: kernels.allocateFloat32(2).fill(1), rows: 1, columns: 2 };
  const state = optimizer.init(kernels, table);
  const gradient = { rows: Int32Array.of(0), values: Float32Array.of(1, 1), count: 1, columns: 2 };
  const seen: number[] = [];
  const meanwhile = (): void => void seen.push(table.data[0]!);
  optimizer.update(state, { kernels, table, gradient, gradientScale: 1, learningRate: 0.5, meanwhile });
  expect(seen).toEqual([1]);
  expect(table.data[0]).toBeCloseTo(0.5, 6);
});
