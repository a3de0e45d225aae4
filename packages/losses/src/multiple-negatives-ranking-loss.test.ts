import { createRandom, hashTexts, type Loss } from '@embedbag/core';
import { contrastiveInFloat64, createTypeScriptKernels, type FloatContrastiveProblem } from '@embedbag/kernels';
import { naiveContrastive, testLoss } from '@embedbag/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matryoshkaLoss } from './matryoshka-loss.js';
import {
  type MultipleNegativesRankingLossOptions,
  multipleNegativesRankingLoss,
  type RankingPrepared,
} from './multiple-negatives-ranking-loss.js';

const ALL_DIRECTIONS = ['query_to_doc', 'query_to_query', 'doc_to_query', 'doc_to_doc'] as const;

const VARIANTS: Record<string, MultipleNegativesRankingLossOptions> = {
  'the default': {},
  'another scale': { scale: 50 },
  'symmetric, per direction': { directions: ['query_to_doc', 'doc_to_query'], partitionMode: 'per_direction' },
  'symmetric, joint': { directions: ['doc_to_query', 'query_to_doc'] },
  'all directions': { directions: ALL_DIRECTIONS },
  'hard in-batch negatives': { hardnessMode: 'in_batch_negatives', hardnessStrength: 9 },
  'hard negatives': { hardnessMode: 'hard_negatives', hardnessStrength: 5 },
  'equal texts masked': { maskEqualTexts: true },
  'all hard': { hardnessMode: 'all_negatives', hardnessStrength: 9, directions: ALL_DIRECTIONS },
};

/** What a batch that repeats no text prepares. */
const UNIQUE: RankingPrepared = { textIds: undefined };

for (const [name, options] of Object.entries(VARIANTS)) {
  testLoss({
    name: `MultipleNegativesRankingLoss, ${name}`,
    create: () => multipleNegativesRankingLoss(options),
    createKernels: async () => createTypeScriptKernels(),
    finiteDifferences: options.hardnessMode === undefined,
  });
}

function problemOf(
  loss: Loss<RankingPrepared | undefined>,
  columnCount: number,
  rows: number,
  dimension: number,
): FloatContrastiveProblem {
  const random = createRandom(columnCount * 100 + rows, 'mnrl');
  const columns = Array.from({ length: columnCount }, () =>
    Float64Array.from({ length: rows * dimension }, () => random.normal()),
  );
  return {
    ...loss.contrastive!(columnCount, UNIQUE),
    rows,
    dimension,
    columns,
    terms: [{ dim: dimension, weight: 1 }],
  };
}

/** Central differences in float64, the hardness terms held at the unmoved columns. */
function differences(problem: FloatContrastiveProblem): Float64Array[] {
  const hardnessColumns = problem.columns.map((column) => column.slice());
  const h = 1e-5;
  return problem.columns.map((column) =>
    Float64Array.from(column, (held, i) => {
      column[i] = held + h;
      const above = naiveContrastive(problem, { hardnessColumns }).loss;
      column[i] = held - h;
      const below = naiveContrastive(problem, { hardnessColumns }).loss;
      column[i] = held;
      return (above - below) / (2 * h);
    }),
  );
}

test.each(Object.keys(VARIANTS))('the float64 gradient of %s agrees with central differences', (name) => {
  const loss = multipleNegativesRankingLoss(VARIANTS[name]);
  for (const columnCount of [2, 3, 4]) {
    const problem = problemOf(loss, columnCount, 5, 6);
    const gradients = problem.columns.map((column) => new Float64Array(column.length));
    const value = contrastiveInFloat64(problem, gradients);
    expect(value).toBeCloseTo(naiveContrastive(problem).loss, 11);
    for (const [column, expected] of differences(problem).entries()) {
      for (const [i, entry] of expected.entries()) expect(gradients[column]![i]).toBeCloseTo(entry, 6);
    }
  }
});

test('the loss of a batch without negatives is 0', () => {
  const kernels = createTypeScriptKernels();
  const embeddings = [Float32Array.of(1, 2), Float32Array.of(-3, 1)];
  expect(
    multipleNegativesRankingLoss().compute({ embeddings, rows: 1, dimension: 2, prepared: undefined, kernels }),
  ).toBe(0);
});

test('the loss does not depend on the order of the rows or the length of an embedding', () => {
  const kernels = createTypeScriptKernels();
  const loss = multipleNegativesRankingLoss({ directions: ALL_DIRECTIONS });
  const value = (columns: readonly number[][][]): number => {
    const embeddings = columns.map((column) => Float32Array.from(column.flat()));
    return loss.compute({ embeddings, rows: columns[0]!.length, dimension: 3, prepared: undefined, kernels });
  };
  const row = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -8, max: 8 })));
  const column = fc.array(row, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.tuple(column, column, column), fc.integer({ min: 0, max: 3 }), (columns, shift) => {
      const before = value(columns);
      const rotated = columns.map((rows) => [...rows.slice(shift), ...rows.slice(0, shift)]);
      expect(value(rotated)).toBeCloseTo(before, 9);
      expect(value(columns.map((rows) => rows.map((values) => values.map((v) => v * 4))))).toBeCloseTo(before, 9);
    }),
    { numRuns: 50 },
  );
});

test('the config makes the same loss again', () => {
  for (const options of Object.values(VARIANTS)) {
    const loss = multipleNegativesRankingLoss(options);
    const again = multipleNegativesRankingLoss(loss.config as MultipleNegativesRankingLossOptions);
    expect(again.config).toEqual(loss.config);
    expect(again.contrastive!(4, UNIQUE)).toEqual(loss.contrastive!(4, UNIQUE));
  }
});

test('each variant cites its own paper', () => {
  const cited = (options: MultipleNegativesRankingLossOptions): string =>
    multipleNegativesRankingLoss(options).citation!.slice(0, 20);
  expect(cited({})).toContain('oord2019');
  expect(cited({ directions: ALL_DIRECTIONS })).toContain('li2023');
  expect(cited({ directions: ['doc_to_query', 'query_to_doc'], partitionMode: 'per_direction' })).toContain(
    'günther2024',
  );
  expect(cited({ directions: ['doc_to_query', 'query_to_doc'] })).toContain('oord');
});

test('fewer than two columns are refused', () => {
  const kernels = createTypeScriptKernels();
  const input = { embeddings: [new Float32Array(2)], rows: 1, dimension: 2, prepared: undefined, kernels };
  expect(() => multipleNegativesRankingLoss().compute(input)).toThrow(
    'Expected `MultipleNegativesRankingLoss` to get at least 2 columns, anchor, positive and negatives, received 1. Choose other columns when the dataset is read.',
  );
});

test.each([
  [{ scale: 0 }, 'Expected `scale` to be a positive number, received 0. MNRL takes 20.'],
  [{ scale: Number.NaN }, 'Expected `scale` to be a positive number, received NaN. MNRL takes 20.'],
  [
    { directions: [] },
    'Expected `directions` to have at least one direction, received []. Leave it out for `query_to_doc`.',
  ],
  [
    { directions: ['doc_to_query'] as const },
    'Expected `directions` to hold `query_to_doc`, which holds the positive pair, received ["doc_to_query"]. Add `query_to_doc`.',
  ],
  [
    { directions: ['query_to_doc', 'sideways' as never] as const },
    'Expected `directions` to be of `query_to_doc`, `query_to_query`, `doc_to_query`, `doc_to_doc`, received "sideways". Choose of these.',
  ],
  [
    { partitionMode: 'split' as never },
    'Expected `partitionMode` to be `joint`, `per_direction`, received "split". Choose of these.',
  ],
  [
    { directions: ALL_DIRECTIONS, partitionMode: 'per_direction' as const },
    'Expected `directions` to hold the positive pair in every direction when `partitionMode` is `per_direction`, received ["query_to_query","doc_to_doc"]. Use `partitionMode: "joint"`, or drop them.',
  ],
  [
    { hardnessMode: 'soft' as never },
    'Expected `hardnessMode` to be null or `in_batch_negatives`, `hard_negatives`, `all_negatives`, received "soft". Choose of these.',
  ],
  [
    { hardnessMode: 'all_negatives' as const },
    'Expected `hardnessStrength` to be given with `hardnessMode`, received undefined. The papers take 9 and 5.',
  ],
  [
    { hardnessStrength: -1 },
    'Expected `hardnessStrength` to be a number from 0 up, received -1. The papers take 9 and 5.',
  ],
])('the options %j are refused', (options, message) => {
  expect(() => multipleNegativesRankingLoss(options)).toThrow(message);
});

/** The loss of these texts, each with a random embedding of its own, in the given columns and rows. */
async function lossOfTexts(texts: readonly (readonly string[])[], options = {}): Promise<number> {
  const loss = multipleNegativesRankingLoss({ scale: 3, maskEqualTexts: true, ...options });
  const embeddings = texts.map((column) =>
    Float32Array.from(
      column.flatMap((text) => {
        const random = createRandom(7, text);
        return [random.normal(), random.normal(), random.normal()];
      }),
    ),
  );
  const rows = texts[0]!.length;
  const input = { texts, textHashes: texts.map(hashTexts), dataset: 'd', random: createRandom(1) };
  const prepared = await loss.prepare?.({ ...input, rows: Int32Array.from(texts[0]!.keys()) }, undefined);
  return loss.compute({ embeddings, rows, dimension: 3, prepared, kernels: createTypeScriptKernels() });
}

test('masking equal texts changes nothing where none are equal', async () => {
  const texts = [
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
    ['g', 'h', 'a'],
  ]; // prettier-ignore
  expect(await lossOfTexts(texts)).toBe(await lossOfTexts(texts, { maskEqualTexts: false }));
});

test('rows with the same anchor, or the same positive, are no negatives of each other', async () => {
  const one = await lossOfTexts([
    ['a', 'b'],
    ['c', 'd'],
  ]); // prettier-ignore
  expect(one).toBeGreaterThan(0);
  expect(
    await lossOfTexts([
      ['a', 'a'],
      ['c', 'd'],
    ]),
  ).toBeCloseTo(0, 12); // prettier-ignore
  expect(
    await lossOfTexts([
      ['a', 'b'],
      ['c', 'c'],
    ]),
  ).toBeCloseTo(0, 12); // prettier-ignore
  expect(
    await lossOfTexts([
      ['a', 'b'],
      ['b', 'a'],
    ]),
  ).toBeGreaterThan(0); // prettier-ignore
});

test('a negative that is the positive of a row is no negative of that row, and stays one of the others', async () => {
  const masked = await lossOfTexts([
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'c'],
  ]); // prettier-ignore
  const first = await lossOfTexts([['a'], ['c']]); // prettier-ignore
  const open = await lossOfTexts(
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'c'],
    ],
    { maskEqualTexts: false },
  ); // prettier-ignore
  expect(first).toBeCloseTo(0, 12);
  expect(masked).toBeGreaterThan(
    await lossOfTexts([
      ['a', 'b'],
      ['c', 'd'],
    ]),
  ); // prettier-ignore
  expect(masked).toBeLessThan(open);
});

test('a masked batch under Matryoshka is the sum over its dims', async () => {
  const texts = [
    ['a', 'b', 'a'],
    ['d', 'e', 'f'],
  ]; // prettier-ignore
  const inner = multipleNegativesRankingLoss({ maskEqualTexts: true });
  const input = { texts, textHashes: texts.map(hashTexts), dataset: 'd', random: createRandom(1) };
  const random = createRandom(4);
  const embeddings = texts.map(() => Float32Array.from({ length: 12 }, () => random.normal()));
  const batch = { embeddings, rows: 3, dimension: 4, kernels: createTypeScriptKernels() };
  const value = async (loss: Loss): Promise<number> => {
    const prepared = await loss.prepare!({ ...input, rows: Int32Array.of(0, 1, 2) }, undefined);
    return loss.compute({ ...batch, prepared });
  };
  const { contrastive: _, ...plain } = inner;
  const fused = await value(matryoshkaLoss(inner, { dims: [4, 2] }));
  expect(fused).toBeCloseTo(await value(matryoshkaLoss(plain, { dims: [4, 2] })), 10);
});
