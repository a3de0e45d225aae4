/** Problems that the tests of the contrastive kernel compute; no part of the package. */
import { type ContrastiveBlock, type ContrastiveGuide, type ContrastiveProblem, createRandom } from '@embedbag/core';
import fc from 'fast-check';

/** A block of any kind. */
const blockOf = (columns: number, partition: number): fc.Arbitrary<ContrastiveBlock> =>
  fc.record(
    {
      queries: fc.nat(columns - 1),
      candidates: fc.nat(columns - 1),
      partition: fc.constant(partition),
      removeDiagonal: fc.boolean(),
      hardness: fc.record({
        strength: fc.double({ min: -3, max: 9, noNaN: true }),
        entries: fc.constantFrom('diagonal', 'off-diagonal', 'all'),
      }),
    },
    { requiredKeys: ['queries', 'candidates', 'partition', 'removeDiagonal'] },
  );

/**
 * Problems of every shape: several blocks and partitions, ragged dims from `smallestDim` on, invalid candidates, zero rows,
 * entries removed.
 */
export const problemsFrom = (smallestDim: number): fc.Arbitrary<ContrastiveProblem> =>
  fc
    .record({
      rows: fc.integer({ min: 1, max: 150 }),
      dimension: fc.integer({ min: smallestDim, max: 70 }),
      columns: fc.integer({ min: 2, max: 4 }),
      partitions: fc.integer({ min: 1, max: 2 }),
      scale: fc.constantFrom(1, 20, 100),
      seed: fc.nat(),
      terms: fc.integer({ min: 1, max: 5 }),
    })
    .chain(({ rows, dimension, columns, partitions, scale, seed, terms }) =>
      fc
        .record({
          extra: fc.array(
            fc.nat(partitions - 1).chain((partition) => blockOf(columns, partition)),
            { maxLength: 2 },
          ),
          dims: fc.uniqueArray(fc.integer({ min: smallestDim, max: dimension }), { minLength: 1, maxLength: terms }),
          hardness: fc.option(fc.constantFrom('diagonal' as const, 'off-diagonal' as const, 'all' as const)),
          guideDimension: fc.option(fc.integer({ min: 1, max: 40 })),
          texts: fc.option(fc.integer({ min: 1, max: 300 })),
          rowsAtOnce: fc.option(fc.integer({ min: 1, max: 40 })),
        })
        .map(({ extra, dims, hardness, guideDimension, texts, rowsAtOnce }) => {
          const random = createRandom(seed);
          const matrices = Array.from({ length: columns }, () => {
            const matrix = Float32Array.from({ length: rows * dimension }, () => random.normal());
            if (random.uniform() < 0.3) matrix.fill(0, 0, dimension);
            return matrix;
          });
          const valid = matrices.map((_, column) =>
            column < 2 ? undefined : Uint8Array.from({ length: rows }, () => (random.uniform() < 0.7 ? 1 : 0)),
          );
          const label: ContrastiveBlock = {
            ...{ queries: 0, candidates: 1, partition: 0, removeDiagonal: false },
            ...(hardness === null ? {} : { hardness: { strength: 5, entries: hardness } }),
          };
          // Every partition has a block whose rows are never all removed.
          const others = Array.from({ length: partitions - 1 }, (_, i) => ({
            ...{ queries: 1, candidates: 0, partition: i + 1, removeDiagonal: false },
          }));
          const guide: ContrastiveGuide | undefined =
            guideDimension === null || partitions > 1
              ? undefined
              : {
                  columns: matrices.map(() =>
                    Float32Array.from({ length: rows * guideDimension }, () => random.normal()),
                  ),
                  ...{ dimension: guideDimension, margin: 0.1, marginStrategy: 'relative' },
                };
          const textIds =
            texts === null
              ? undefined
              : matrices.map(() => Int32Array.from({ length: rows }, () => random.below(texts)));
          return {
            ...(guide && { guide }),
            ...(textIds && { textIds }),
            ...(rowsAtOnce !== null && { rowsAtOnce }),
            ...{ rows, dimension, columns: matrices, scale, valid, blocks: [label, ...others, ...extra] },
            terms: dims.map((dim, i) => ({ dim, weight: 1 / (i + 1) })),
          };
        }),
    );

/** (queries, candidates) by partition. */
const MIRRORED: Record<string, readonly (readonly (readonly [number, number])[])[]> = {
  symmetric: [[[0, 1]], [[1, 0]]],
  joint: [
    [
      [0, 1],
      [1, 0],
    ],
  ],
  negatives: [
    [
      [0, 1],
      [0, 2],
    ],
    [[1, 0]],
  ],
  all: [
    [
      [0, 1],
      [0, 2],
      [0, 0],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 1],
    ],
  ],
};

/** Problems in which blocks mirror others: one softmax or several, one dim or several, ragged, rows without tokens, stretches of rows. */
export const mirroredProblemsFrom = (smallestDim: number): fc.Arbitrary<ContrastiveProblem> =>
  fc
    .record({
      rows: fc.integer({ min: 1, max: 300 }),
      dimension: fc.integer({ min: smallestDim, max: 70 }),
      scale: fc.constantFrom(1, 20),
      seed: fc.nat(),
      kind: fc.constantFrom(...Object.keys(MIRRORED)),
      rowsAtOnce: fc.option(fc.integer({ min: 1, max: 60 })),
    })
    .chain(({ rows, dimension, scale, seed, kind, rowsAtOnce }) =>
      fc.uniqueArray(fc.integer({ min: smallestDim, max: dimension }), { minLength: 1, maxLength: 5 }).map((dims) => {
        const random = createRandom(seed);
        const columns = [0, 1, 2].map(() => {
          const matrix = Float32Array.from({ length: rows * dimension }, () => random.normal());
          if (random.uniform() < 0.3) matrix.fill(0, 0, dimension);
          return matrix;
        });
        const blocks = MIRRORED[kind]!.flatMap((pairs, partition) =>
          pairs.map(([queries, candidates]) => ({
            ...{ queries, candidates, partition },
            removeDiagonal: queries === candidates,
          })),
        );
        return {
          ...(rowsAtOnce !== null && { rowsAtOnce }),
          ...{ rows, dimension, columns, scale, blocks },
          terms: dims.map((dim, i) => ({ dim, weight: 1 / (i + 1) })),
        };
      }),
    );
