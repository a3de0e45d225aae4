import { createRandom, type Kernels, LOSS_CONTRACT, type Loss } from '@embedbag/core';
import { expect } from 'vitest';
import { type ContractCheck, expectPlainConfig } from './contract-check.js';
import { expectClose, largest } from './expect-close.js';
import { PLACES } from './guarded-array.js';
import {
  countAllocations,
  createLossCase,
  evaluateLoss,
  type LossCase,
  type LossShape,
  lossValue,
} from './loss-case.js';

/** What the checks of a loss need to know; see `TestLossOptions`. */
export interface LossCheckSettings {
  readonly create: () => Loss;
  readonly createKernels: () => Promise<Kernels>;
  readonly batchSizes: readonly number[];
  readonly dimensions: readonly number[];
  readonly columnCounts: readonly number[];
  readonly labelColumns: (columnCount: number) => number;
  readonly finiteDifferences: boolean;
  readonly step: number;
  readonly tolerance: number;
}

type LossCheck = ContractCheck<LossCheckSettings>;

/** At most this many values of a batch are moved up and down. */
const MOST_DIFFERENCES = 60;

function shapesOf({ batchSizes, dimensions, columnCounts, labelColumns }: LossCheckSettings): LossShape[] {
  return columnCounts.flatMap((columnCount) =>
    dimensions.flatMap((dimension) =>
      batchSizes.map((rows) => ({ rows, dimension, columnCount, labelColumns: labelColumns(columnCount) })),
    ),
  );
}

function describeShape({ rows, dimension, columnCount }: LossShape): string {
  return `${rows} rows, ${dimension} dimensions, ${columnCount} columns`;
}

/** The largest of the settings: rows enough to ask for, and all columns unless a number of them is given. */
function largestShape(settings: LossCheckSettings, columnCount = Math.max(...settings.columnCounts)): LossShape {
  return {
    rows: Math.max(...settings.batchSizes),
    dimension: Math.max(...settings.dimensions),
    columnCount,
    labelColumns: settings.labelColumns(columnCount),
  };
}

/** A check with a fresh loss and kernels that are disposed in the end. */
function lossCheck(
  title: string,
  body: (settings: LossCheckSettings, loss: Loss, kernels: Kernels) => Promise<void> | void,
): LossCheck {
  return {
    title,
    async run(settings) {
      const kernels = await settings.createKernels();
      try {
        await body(settings, settings.create(), kernels);
      } finally {
        kernels.dispose();
      }
    },
  };
}

/** The derivative by one value from four evaluations; the error falls with the fourth power of the step. */
function differentiate(
  evaluate: (columns: readonly Float32Array[]) => number,
  columns: readonly Float32Array[],
  column: number,
  index: number,
  step: number,
): number {
  const moved = (offset: number): number => {
    const copy = columns.map((values) => values.slice());
    copy[column]![index]! += offset;
    return evaluate(copy);
  };
  return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
}

async function compareDifferences(
  settings: LossCheckSettings,
  loss: Loss,
  kernels: Kernels,
  shape: LossShape,
): Promise<void> {
  const lossCase = await createLossCase(loss, shape);
  const { gradients } = evaluateLoss(loss, lossCase, kernels, 'plain');
  const evaluate = (columns: readonly Float32Array[]): number => lossValue(loss, lossCase, kernels, columns);
  const perColumn = shape.rows * shape.dimension;
  const places = Int32Array.from({ length: shape.columnCount * perColumn }, (_, place) => place);
  createRandom(shape.rows).shuffle(places);
  const chosen = [...places.subarray(0, MOST_DIFFERENCES)];
  const expected = chosen.map((place) =>
    differentiate(evaluate, lossCase.columns, Math.floor(place / perColumn), place % perColumn, settings.step),
  );
  const received = chosen.map((place) => gradients[Math.floor(place / perColumn)]![place % perColumn]!);
  // The second part is for gradients that vanish, as in a batch of one.
  const allowed = settings.tolerance * (largest(gradients.flatMap((gradient) => [...gradient])) + 1e-2);
  expectClose(received, expected, allowed, `${describeShape(shape)}: gradient against differences`);
}

function expectFinite(lossCase: LossCase, loss: Loss, kernels: Kernels): void {
  const result = evaluateLoss(loss, lossCase, kernels, 'plain');
  expect(Number.isFinite(result.loss), `${describeShape(lossCase)}: the loss is finite`).toBe(true);
  for (const gradient of result.gradients) {
    expect(gradient.every(Number.isFinite), `${describeShape(lossCase)}: the gradients are finite`).toBe(true);
  }
}

/** All checks of a loss. */
export const lossChecks: readonly LossCheck[] = [
  {
    title: 'names itself and the columns it takes',
    async run({ create, columnCounts }) {
      const loss = create();
      expect(loss.contract).toBe(LOSS_CONTRACT);
      expect(loss.name).toMatch(/^[A-Z][A-Za-z0-9]*$/);
      expect(['none', 'score', 'class', 'vector']).toContain(loss.columns.labels);
      for (const count of columnCounts) {
        expect(count >= loss.columns.min && count <= (loss.columns.max ?? count), `${count} columns`).toBe(true);
        const matrices = loss.workingMatrices?.(count) ?? 0;
        expect(Number.isSafeInteger(matrices) && matrices >= 0, `\`workingMatrices(${count})\` is a count`).toBe(true);
      }
    },
  },
  {
    title: 'has a config of plain JSON, the same for the same options',
    async run({ create }) {
      expectPlainConfig(create().config, create().config);
    },
  },
  lossCheck('has the gradient that differences of its value give', async (settings, loss, kernels) => {
    if (!settings.finiteDifferences) return;
    for (const shape of shapesOf(settings)) await compareDifferences(settings, loss, kernels, shape);
  }),
  lossCheck('gives the same value with and without gradients', async (settings, loss, kernels) => {
    for (const shape of shapesOf(settings)) {
      const lossCase = await createLossCase(loss, shape);
      const withGradients = evaluateLoss(loss, lossCase, kernels, 'plain').loss;
      const without = lossValue(loss, lossCase, kernels, lossCase.columns);
      expectClose([without], [withGradients], 1e-6 * Math.abs(withGradients) + 1e-6, describeShape(shape));
    }
  }),
  lossCheck('writes its gradients and nothing else, wherever the arrays lie', async (settings, loss, kernels) => {
    for (const shape of shapesOf(settings)) {
      const lossCase = await createLossCase(loss, shape);
      const [first, second] = PLACES.map((where) => evaluateLoss(loss, lossCase, kernels, where));
      for (const gradient of first!.gradients) {
        expect(gradient.some(Number.isNaN), `${describeShape(shape)}: a gradient that was not written`).toBe(false);
      }
      expect(second, describeShape(shape)).toEqual(first);
    }
  }),
  lossCheck('gives the same bytes twice', async (settings, loss, kernels) => {
    const lossCase = await createLossCase(loss, largestShape(settings));
    const first = evaluateLoss(loss, lossCase, kernels, 'plain');
    expect(evaluateLoss(loss, lossCase, kernels, 'plain')).toEqual(first);
    const again = settings.create();
    const sameCase = await createLossCase(again, largestShape(settings));
    expect(evaluateLoss(again, sameCase, kernels, 'plain')).toEqual(first);
  }),
  lossCheck('does not keep a batch: one between two equal ones changes nothing', async (settings, loss, kernels) => {
    const lossCase = await createLossCase(loss, largestShape(settings));
    const other = await createLossCase(loss, { ...largestShape(settings), rows: 2 });
    const first = evaluateLoss(loss, lossCase, kernels, 'plain');
    evaluateLoss(loss, other, kernels, 'plain');
    expect(evaluateLoss(loss, lossCase, kernels, 'plain')).toEqual(first);
  }),
  lossCheck('stays finite for texts without tokens', async (settings, loss, kernels) => {
    for (const columnCount of settings.columnCounts) {
      const shape = largestShape(settings, columnCount);
      const { dimension } = shape;
      const some = await createLossCase(loss, shape, (columns) => {
        for (const [column, values] of columns.entries()) values.fill(0, column * dimension, (column + 1) * dimension);
      });
      expectFinite(some, loss, kernels);
      const all = await createLossCase(loss, shape, (columns) => columns.forEach((values) => void values.fill(0)));
      expectFinite(all, loss, kernels);
    }
  }),
  lossCheck('stays finite for a batch of one and for equal texts', async (settings, loss, kernels) => {
    for (const columnCount of settings.columnCounts) {
      expectFinite(await createLossCase(loss, { ...largestShape(settings, columnCount), rows: 1 }), loss, kernels);
      const equal = await createLossCase(loss, largestShape(settings, columnCount), (columns) => {
        for (const values of columns.slice(1)) values.set(columns[0]!);
      });
      expectFinite(equal, loss, kernels);
    }
  }),
  lossCheck('gives back what it allocates', async (settings, loss, kernels) => {
    const counted = countAllocations(kernels);
    const lossCase = await createLossCase(loss, largestShape(settings));
    evaluateLoss(loss, lossCase, counted.kernels, 'plain');
    lossValue(loss, lossCase, counted.kernels, lossCase.columns);
    expect(counted.held()).toBe(0);
  }),
  lossCheck('takes no notice of a candidate without a text', async (settings, loss, kernels) => {
    const shape = largestShape(settings);
    if (!loss.contrastive || shape.columnCount < 3 || shape.rows < 2) return;
    const { rows, dimension } = shape;
    const valid = Array.from({ length: shape.columnCount }, (_, column) =>
      column === 2 ? Uint8Array.from({ length: rows }, (_, row) => (row === 1 ? 0 : 1)) : undefined,
    );
    const batch = await createLossCase(loss, shape);
    const changed = { ...batch, columns: batch.columns.map((column) => column.slice()), valid };
    changed.columns[2]!.fill(3, dimension, 2 * dimension);
    const results = [{ ...batch, valid }, changed].map((one) => evaluateLoss(loss, one, kernels, 'plain'));
    expect(results[1]).toEqual(results[0]);
    expect(results[0]!.gradients[2]!.subarray(dimension, 2 * dimension).every((value) => value === 0)).toBe(true);
    expect(results[0]!.loss).not.toBe(evaluateLoss(loss, batch, kernels, 'plain').loss);
  }),
];
