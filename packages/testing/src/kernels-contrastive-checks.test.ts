import type { ContrastiveBlock, ContrastiveProblem } from '@embedbag/core';
import { test } from 'vitest';
import { type Defect, expectNoticed } from './broken-kernels.js';
import { naiveContrastive } from './naive-contrastive.js';

function withBlocks(change: (block: ContrastiveBlock) => ContrastiveBlock): Defect['broken'] {
  return (right) => ({
    contrastive: (problem, gradients) =>
      right.contrastive({ ...problem, blocks: problem.blocks.map(change) }, gradients),
  });
}

function withProblem(change: (problem: ContrastiveProblem) => ContrastiveProblem): Defect['broken'] {
  return (right) => ({ contrastive: (problem, gradients) => right.contrastive(change(problem), gradients) });
}

/** Runs right kernels, then spoils the gradients. */
function spoil(change: (problem: ContrastiveProblem, gradients: readonly Float32Array[]) => void): Defect['broken'] {
  return (right) => ({
    contrastive(problem, gradients) {
      const loss = right.contrastive(problem, gradients);
      if (gradients) change(problem, gradients);
      return loss;
    },
  });
}

let calls = 0;

const DEFECTS: readonly Defect[] = [
  { what: 'know no hardness', noticedBy: 'hardness', broken: withBlocks(({ hardness: _, ...block }) => block) },
  {
    what: 'add the hardness to all entries',
    noticedBy: 'hardness',
    broken: withBlocks((block) =>
      block.hardness ? { ...block, hardness: { ...block.hardness, entries: 'all' } } : block,
    ),
  },
  {
    what: 'keep the diagonal',
    noticedBy: 'all four directions',
    broken: withBlocks((block) => ({ ...block, removeDiagonal: false })),
  },
  {
    what: 'join all partitions',
    noticedBy: 'one softmax a direction',
    broken: withBlocks((block) => ({ ...block, partition: 0 })),
  },
  {
    what: 'ignore what is not valid',
    noticedBy: 'have no text',
    broken: withProblem(({ valid: _, ...problem }) => problem),
  },
  {
    what: 'ask no guide',
    noticedBy: 'a guide finds',
    broken: withProblem(({ guide: _, ...problem }) => problem),
  },
  {
    what: 'take a relative margin for an absolute one',
    noticedBy: 'a guide finds',
    broken: withProblem((problem) =>
      problem.guide ? { ...problem, guide: { ...problem.guide, marginStrategy: 'absolute' } } : problem,
    ),
  },
  {
    what: 'remove what is as similar as the positive',
    noticedBy: 'a guide finds',
    broken: withProblem((problem) =>
      problem.guide ? { ...problem, guide: { ...problem.guide, margin: problem.guide.margin + 1e-9 } } : problem,
    ),
  },
  {
    what: 'do not look at the texts',
    noticedBy: 'its text says',
    broken: withProblem(({ textIds: _, ...problem }) => problem),
  },
  {
    what: 'compare the anchors only',
    noticedBy: 'its text says',
    broken: withProblem((problem) =>
      problem.textIds
        ? {
            ...problem,
            textIds: problem.textIds.map((ids, column) => (column === 0 ? ids : ids.map((_, i) => i + 99))),
          }
        : problem,
    ),
  },
  {
    what: 'weigh all dims the same',
    noticedBy: 'weighted dims',
    broken: withProblem((problem) => ({ ...problem, terms: problem.terms.map(({ dim }) => ({ dim, weight: 1 })) })),
  },
  {
    what: 'drop the last dim',
    noticedBy: 'weighted dims',
    broken: withProblem((problem) => ({ ...problem, terms: problem.terms.slice(0, 1) })),
  },
  {
    what: 'use a wrong scale',
    noticedBy: 'agrees with the formula',
    broken: withProblem((problem) => ({ ...problem, scale: problem.scale * 1.001 })),
  },
  {
    what: 'differentiate the hardness',
    noticedBy: 'hardness',
    broken: spoil((problem, gradients) => {
      const strength = problem.blocks.find(({ hardness }) => hardness)?.hardness?.strength ?? 0;
      for (const gradient of gradients)
        for (let i = 0; i < gradient.length; i++) gradient[i]! *= 1 + strength / problem.scale;
    }),
  },
  {
    what: 'give gradients of nothing beyond the first 64 rows',
    noticedBy: 'any number of negative',
    broken: spoil((problem, gradients) =>
      gradients.forEach((gradient) => void gradient.fill(0, 64 * problem.dimension)),
    ),
  },
  {
    what: 'leave dimensions without a term unwritten',
    noticedBy: 'weighted dims',
    broken: spoil((problem, gradients) => {
      const reach = Math.max(...problem.terms.map(({ dim }) => dim));
      for (const gradient of gradients) {
        for (let i = 0; i < gradient.length; i++) if (i % problem.dimension >= reach) gradient[i] = Number.NaN;
      }
    }),
  },
  {
    what: 'add to the gradients instead of writing them',
    noticedBy: 'agrees with the formula',
    broken: (right) => ({
      contrastive(problem, gradients) {
        const before = gradients?.map((gradient) => gradient.slice());
        const loss = right.contrastive(problem, gradients);
        gradients?.forEach((gradient, column) => {
          for (let i = 0; i < gradient.length; i++) gradient[i]! += before![column]![i]!;
        });
        return loss;
      },
    }),
  },
  {
    what: 'normalise the columns in place',
    noticedBy: 'agrees with the formula',
    broken: (right) => ({
      contrastive(problem, gradients) {
        const loss = right.contrastive(problem, gradients);
        const { rows, dimension: columns } = problem;
        for (const data of problem.columns) right.normalizeRows({ data, rows, columns });
        return loss;
      },
    }),
  },
  {
    what: 'divide by a norm of zero',
    noticedBy: 'zero row',
    broken: spoil((problem, gradients) => {
      for (const [column, data] of problem.columns.entries()) {
        for (let i = 0; i < data.length; i += problem.dimension) if (data[i] === 0) gradients[column]![i] = Number.NaN;
      }
    }),
  },
  {
    what: 'treat tiny rows like any other',
    noticedBy: 'at most 1e-12 as zero',
    broken: withProblem((problem) => ({
      ...problem,
      columns: problem.columns.map((column) => column.map((value) => (Math.abs(value) < 1e-12 ? value * 1e9 : value))),
    })),
  },
  {
    what: 'return another loss when no gradients are wanted',
    noticedBy: 'agrees with the formula',
    broken: (right) => ({
      contrastive: (problem, gradients) => right.contrastive(problem, gradients) + (gradients ? 0 : 0.001),
    }),
  },
  {
    what: 'overflow at a large scale',
    noticedBy: 'large and small scales',
    broken: (right) => ({
      contrastive: (problem, gradients) => right.contrastive(problem, gradients) + Math.exp(problem.scale) * 0,
    }),
  },
  {
    what: 'give other bytes each time',
    noticedBy: 'contrastive gives the same bytes',
    broken: (right) => ({
      contrastive(problem, gradients) {
        calls += 1;
        return right.contrastive(problem, gradients) * (1 + calls * 1e-14);
      },
    }),
  },
  {
    what: 'take the norm of the whole row for every dim',
    noticedBy: 'weighted dims',
    broken: () => ({
      contrastive(problem, gradients) {
        const columns = problem.columns.map((column) =>
          column.map((value, i) => (i % problem.dimension === problem.dimension - 1 ? value * 1.5 : value)),
        );
        const result = naiveContrastive({ ...problem, columns });
        for (const [column, gradient] of (gradients ?? []).entries()) gradient.set(result.gradients[column]!);
        return result.loss;
      },
    }),
  },
];

test.each(DEFECTS)('the check $noticedBy notices kernels that $what', expectNoticed);
