import { LOSS_CONTRACT, type Loss } from '@embedbag/core';
import { expect, test } from 'vitest';
import { type LossCheckSettings, lossChecks } from './loss-checks.js';
import { createNaiveKernels } from './naive-kernels.js';
import { testLoss } from './test-loss.js';

/** Mean squared difference of the dot product and the score: the plainest loss there is. */
function dotScoreLoss(): Loss {
  return {
    contract: LOSS_CONTRACT,
    name: 'DotScoreLoss',
    config: { power: 2 },
    columns: { min: 2, max: 2, labels: 'score' },
    compute({ embeddings, rows, dimension, labels }, gradients) {
      let loss = 0;
      for (let row = 0; row < rows; row++) {
        const [a, b] = embeddings.map((column) => column.subarray(row * dimension, (row + 1) * dimension));
        let dot = 0;
        for (let d = 0; d < dimension; d++) dot += a![d]! * b![d]!;
        const error = dot - labels![row]!;
        loss += (error * error) / rows;
        for (let d = 0; gradients && d < dimension; d++) {
          gradients[0]![row * dimension + d] = (2 * error * b![d]!) / rows;
          gradients[1]![row * dimension + d] = (2 * error * a![d]!) / rows;
        }
      }
      return loss;
    },
  };
}

/** Pairs, and a third column of candidates if there is one, as one softmax. */
function rankingLoss(): Loss {
  const loss: Loss = {
    contract: LOSS_CONTRACT,
    name: 'RankingLoss',
    config: {},
    columns: { min: 2, labels: 'none' },
    contrastive: (columnCount) => ({
      scale: 20,
      blocks: Array.from({ length: columnCount - 1 }, (_, column) => ({
        queries: 0,
        candidates: column + 1,
        partition: 0,
        removeDiagonal: false,
      })),
    }),
    compute({ embeddings: columns, rows, dimension, valid, kernels }, gradients) {
      const terms = [{ dim: dimension, weight: 1 }];
      const problem = { ...loss.contrastive!(columns.length), rows, dimension, columns, terms };
      return kernels.contrastive(valid ? { ...problem, valid } : problem, gradients);
    },
  };
  return loss;
}

testLoss({ create: dotScoreLoss });
testLoss({ create: rankingLoss });

/** A loss that is wrong in one way. */
interface Defect {
  readonly what: string;
  /** A part of the title of the check that must fail. */
  readonly noticedBy: string;
  readonly broken: (right: Loss) => Partial<Loss>;
  readonly base?: () => Loss;
}

let calls = 0;

const DEFECTS: readonly Defect[] = [
  { what: 'has another contract', noticedBy: 'names itself', broken: () => ({ contract: 'embedbag/loss@0' as never }) },
  { what: 'holds half a matrix', noticedBy: 'names itself', broken: () => ({ workingMatrices: () => 0.5 }) },
  {
    what: 'has a function in its config',
    noticedBy: 'plain JSON',
    broken: () => ({ config: { f: (() => 1) as never } }),
  },
  {
    what: 'gives half of its gradient',
    noticedBy: 'differences',
    broken: (right) => ({
      compute(input, gradients) {
        const loss = right.compute(input, gradients);
        for (const gradient of gradients ?? []) for (let i = 0; i < gradient.length; i++) gradient[i]! /= 2;
        return loss;
      },
    }),
  },
  {
    what: 'gives another value without gradients',
    noticedBy: 'with and without',
    broken: (right) => ({
      compute: (input, gradients) => right.compute(input, gradients) + (gradients ? 0 : 0.01),
    }),
  },
  {
    what: 'adds to its gradients',
    noticedBy: 'nothing else',
    broken: (right) => ({
      compute(input, gradients) {
        const before = gradients?.map((gradient) => gradient.slice());
        const loss = right.compute(input, gradients);
        for (const [column, gradient] of (gradients ?? []).entries()) {
          for (let i = 0; i < gradient.length; i++) gradient[i]! += before![column]![i]!;
        }
        return loss;
      },
    }),
  },
  {
    what: 'normalises its input',
    noticedBy: 'nothing else',
    broken: (right) => ({
      compute(input, gradients) {
        const loss = right.compute(input, gradients);
        for (const data of input.embeddings) {
          input.kernels.normalizeRows({ data, rows: input.rows, columns: input.dimension });
        }
        return loss;
      },
    }),
  },
  {
    what: 'draws from outside the seed',
    noticedBy: 'same bytes twice',
    broken: (right) => ({
      compute(input, gradients) {
        calls += 1;
        return right.compute(input, gradients) + calls * 1e-9;
      },
    }),
  },
  {
    what: 'remembers the batch before',
    noticedBy: 'does not keep a batch',
    broken: (right) => {
      let before = 0;
      return {
        compute(input, gradients) {
          const held = before;
          before = input.rows;
          return right.compute(input, gradients) + (held === 2 ? 1 : 0);
        },
      };
    },
  },
  {
    what: 'divides by the norm of an empty text',
    noticedBy: 'without tokens',
    broken: (right) => ({
      compute: (input, gradients) => right.compute(input, gradients) + (0 / Math.abs(input.embeddings[0]![0]!)) * 0,
    }),
  },
  {
    what: 'divides by the number of negatives',
    noticedBy: 'batch of one',
    broken: (right) => ({ compute: (input, gradients) => right.compute(input, gradients) / (input.rows - 1) }),
  },
  {
    what: 'keeps what it allocates',
    noticedBy: 'gives back',
    broken: (right) => ({
      compute(input, gradients) {
        input.kernels.allocateFloat32(1);
        return right.compute(input, gradients);
      },
    }),
  },
  {
    what: 'ignores `valid`',
    noticedBy: 'without a text',
    base: rankingLoss,
    broken: (right) => ({ compute: ({ valid: _, ...input }, gradients) => right.compute(input, gradients) }),
  },
];

test.each(DEFECTS)('the check $noticedBy notices a loss that $what', async ({ noticedBy, broken, base }) => {
  const create = (): Loss => {
    const right = (base ?? dotScoreLoss)();
    return { ...right, ...broken(right) };
  };
  const settings: LossCheckSettings = {
    create,
    createKernels: async () => createNaiveKernels(),
    batchSizes: [2, 5],
    dimensions: [4],
    columnCounts: base ? [3] : [2],
    labelColumns: () => 1,
    finiteDifferences: true,
    step: 1 / 1024,
    tolerance: 1e-3,
  };
  const checks = lossChecks.filter(({ title }) => title.includes(noticedBy));
  expect(checks.length).toBe(1);
  await expect(checks[0]!.run(settings)).rejects.toThrow();
});
