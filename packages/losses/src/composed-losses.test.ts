import { createRandom, type LossPrepareInput, type Matrix } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { createNaiveKernels, testLoss } from '@embedbag/testing';
import { expect, test } from 'vitest';
import {
  contrastiveLoss,
  cosentLoss,
  embeddingDistillationLoss,
  globalOrthogonalRegularization,
  guideFromModel,
  guideFromVectors,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  sumOfLosses,
  type TextGuide,
  tripletLoss,
} from './index.js';

/** A teacher whose embeddings depend on the texts alone. */
function teacherOf(dimension: number): TextGuide {
  return (texts) => {
    const data = texts.flatMap((text) => {
      const random = createRandom(1, text);
      return Array.from({ length: dimension }, () => random.normal());
    });
    return { data: Float32Array.from(data), rows: texts.length, columns: dimension };
  };
}

for (const distanceMetric of ['cosine', 'l2', 'mse'] as const) {
  testLoss({
    name: `EmbedDistillLoss, ${distanceMetric}`,
    create: () => embeddingDistillationLoss({ teacher: teacherOf(8), distanceMetric }),
    dimensions: [8],
  });
}
testLoss({
  name: 'EmbedDistillLoss, vectors in the labels',
  create: () => embeddingDistillationLoss(),
  dimensions: [8],
  labelColumns: (columnCount) => columnCount * 8,
});
testLoss({
  name: 'EmbedDistillLoss under MatryoshkaLoss',
  create: () => {
    const inner = embeddingDistillationLoss({ teacher: teacherOf(16), truncateTeacher: true });
    return matryoshkaLoss(inner, { dims: [8, 3] });
  },
  dimensions: [8, 11],
});
for (const options of [{}, { aggregation: 'sum' }, { meanWeight: null }, { secondMomentWeight: 0 }] as const) {
  testLoss({
    name: `GlobalOrthogonalRegularizationLoss, ${JSON.stringify(options)}`,
    create: () => globalOrthogonalRegularization(options),
  });
}
testLoss({
  name: 'SumOfLosses',
  create: () =>
    sumOfLosses(
      [
        multipleNegativesRankingLoss(),
        globalOrthogonalRegularization(),
        embeddingDistillationLoss({ teacher: teacherOf(16), truncateTeacher: true }),
      ],
      { weights: [2, 0.5, 3] },
    ),
  createKernels: async () => createTypeScriptKernels(),
});
testLoss({
  name: 'SumOfLosses, one part',
  create: () => sumOfLosses([tripletLoss({ margin: 1.5 })], { weights: [0.25] }),
});

function prepareInput(texts: readonly (readonly string[])[], rows: ArrayLike<number>): LossPrepareInput {
  const textHashes = texts.map((column) => new Uint32Array(column.length * 2));
  return { texts, textHashes, dataset: 'd', rows: Int32Array.from(rows), random: createRandom(1) };
}

test('a teacher that agrees in every text leaves nothing to learn', async () => {
  const texts = [
    ['a', 'b'],
    ['c', 'd'],
  ]; // prettier-ignore
  for (const distanceMetric of ['cosine', 'l2', 'mse'] as const) {
    const loss = embeddingDistillationLoss({ teacher: teacherOf(3), distanceMetric });
    const prepared = await loss.prepare!(prepareInput(texts, [0, 1]), undefined);
    const gradients = [new Float32Array(6), new Float32Array(6)];
    const kernels = createNaiveKernels();
    const input = { embeddings: prepared!.columns, rows: 2, dimension: 3, prepared, kernels };
    expect(loss.compute(input, gradients)).toBeCloseTo(0, 12);
    for (const gradient of gradients) for (const entry of gradient) expect(entry).toBeCloseTo(0, 7);
  }
});

test('rows without a text are left out of the mean', async () => {
  const loss = embeddingDistillationLoss({ teacher: teacherOf(2), distanceMetric: 'mse' });
  const prepared = { columns: [Float32Array.of(1, 1, 5, 5)], dimension: 2 };
  const valid = [Uint8Array.of(1, 0)];
  const input = { embeddings: [Float32Array.of(0, 0, 0, 0)], rows: 2, dimension: 2, prepared, valid };
  const gradients = [new Float32Array(4)];
  expect(loss.compute({ ...input, kernels: createNaiveKernels() }, gradients)).toBe(1);
  expect([...gradients[0]!]).toEqual([-1, -1, 0, 0]);
});

test('vectors made before the run are found by dataset, column and row', async () => {
  const matrix = (first: number): Matrix => ({ data: Float32Array.of(first, 1, 2, 3, 4, 5), rows: 3, columns: 2 });
  const guide = guideFromVectors({ d: [matrix(0), matrix(9)] });
  const place = { dataset: 'd', column: 1, rows: Int32Array.of(2, 0) };
  expect(await guide(['x', 'y'], undefined, place)).toEqual({
    data: Float32Array.of(4, 5, 9, 1),
    rows: 2,
    columns: 2,
  });
  expect(() => guide(['x'], undefined, { ...place, dataset: 'e' })).toThrow(
    'Expected vectors for the columns of dataset `e`, received those of d. Embed every column of every dataset before the run.',
  );
  expect(() => guide(['x'], undefined, { ...place, column: 2 })).toThrow(
    'Expected vectors for column 2 of dataset `d`, received 2 columns.',
  );
  expect(() => guide(['x'], undefined, { ...place, rows: Int32Array.of(3) })).toThrow(
    'Expected vectors for row 3 in column 1 of dataset `d`, received 3 rows.',
  );
});

test('a model as guide embeds the texts of the batch and sees the signal', async () => {
  const kernels = createNaiveKernels();
  const seen: unknown[] = [];
  const guide = guideFromModel({
    dimension: 1,
    kernels,
    embed(texts, options) {
      seen.push([texts, options]);
      return { data: Float32Array.from(texts, (text) => text.length), rows: texts.length, columns: 1 };
    },
  });
  const { signal } = new AbortController();
  const loss = embeddingDistillationLoss({ teacher: guide, teacherName: 'lengths' });
  const prepared = await loss.prepare!(prepareInput([['a', 'bcd']], [0, 1]), signal);
  expect(prepared).toEqual({ columns: [Float32Array.of(1, 3)], dimension: 1 });
  expect(seen).toEqual([[['a', 'bcd'], { signal }]]);
  expect(loss.config).toEqual({ teacher: 'lengths', distanceMetric: 'cosine', truncateTeacher: false });
});

test.each([
  [{ data: new Float32Array(9), rows: 3, columns: 3 }, 'Expected `teacher` to return 2 rows for 2 texts, received 3.'],
  [{ data: new Float32Array(5), rows: 2, columns: 3 }, 'Expected `teacher` to return 6 values, received 5.'],
])('a teacher whose embeddings do not fit the texts is refused: %#', async (matrix, message) => {
  const loss = embeddingDistillationLoss({ teacher: () => matrix });
  await expect(loss.prepare!(prepareInput([['a', 'b']], [0, 1]), undefined)).rejects.toThrow(message);
});

test('a teacher whose dimension changes from column to column is refused', async () => {
  const teacher: TextGuide = (texts, _, { column }) => {
    return { data: new Float32Array(9), rows: texts.length, columns: 1 + column };
  };
  const prepared = embeddingDistillationLoss({ teacher }).prepare!(prepareInput([['a'], ['b']], [0]), undefined);
  await expect(prepared).rejects.toThrow(
    'Expected `teacher` to return 1 dimensions as for the column before, received 2.',
  );
});

test('a teacher that is no function is refused', () => {
  expect(() => embeddingDistillationLoss({ teacher: {} as TextGuide })).toThrow(
    'Expected `teacher` to be a function of texts, received object. Make one with `guideFromModel(model)`',
  );
});

test('a teacher of another dimension is refused unless it may be cut', () => {
  const compute = (dimension: number, truncateTeacher: boolean): number => {
    const prepared = { columns: [Float32Array.of(3, 4, 5)], dimension: 3 };
    const embeddings = [new Float32Array(dimension)];
    const loss = embeddingDistillationLoss({ teacher: teacherOf(3), truncateTeacher, distanceMetric: 'l2' });
    return loss.compute({ embeddings, rows: 1, dimension, prepared, kernels: createNaiveKernels() });
  };
  expect(compute(2, true)).toBe(5);
  expect(() => compute(2, false)).toThrow(
    "Expected `teacher` to have the embedding's 2 dimensions, received 3. Set `truncateTeacher`, or train a wider model.",
  );
  expect(() => compute(4, true)).toThrow(
    "Expected `teacher` to have the embedding's 4 dimensions, received 3. Train a narrower model.",
  );
});

test('regularisation asks nothing of orthogonal embeddings and most of equal ones', () => {
  const value = (rows: readonly number[][]): number => {
    const input = { embeddings: [Float32Array.from(rows.flat())], rows: rows.length, dimension: 2 };
    return globalOrthogonalRegularization().compute({ ...input, prepared: undefined, kernels: createNaiveKernels() });
  };
  expect(
    value([
      [1, 0],
      [0, 3],
    ]),
  ).toBe(0); // prettier-ignore
  expect(
    value([
      [1, 1],
      [2, 2],
      [3, 3],
    ]),
  ).toBeCloseTo(1 + 1 - 1 / 2, 12); // prettier-ignore
});

test('regularisation leaves out the rows without a text', () => {
  const loss = globalOrthogonalRegularization();
  const all = Float32Array.of(1, 0, 5, 5, 1, 2);
  const kernels = createNaiveKernels();
  const batch = { dimension: 2, prepared: undefined, kernels };
  const gradients = [new Float32Array(6).fill(Number.NaN)];
  const masked = loss.compute({ ...batch, embeddings: [all], rows: 3, valid: [Uint8Array.of(1, 0, 1)] }, gradients);
  expect(masked).toBeCloseTo(loss.compute({ ...batch, embeddings: [Float32Array.of(1, 0, 1, 2)], rows: 2 }), 12);
  expect([...gradients[0]!.subarray(2, 4)]).toEqual([0, 0]);
});

test('a sum takes the columns, labels and citations of its parts', () => {
  const regularization = globalOrthogonalRegularization();
  const sum = sumOfLosses([multipleNegativesRankingLoss(), regularization, regularization]);
  expect(sum.columns).toEqual({ min: 2, labels: 'none' });
  expect(sum.citation?.match(/@misc/g)?.length).toBe(2);
  expect(sum.prepare).toBeUndefined();
  expect(sum.config).toMatchObject({ weights: [1, 1, 1] });
  expect(sumOfLosses([cosentLoss(), regularization]).columns).toEqual({ min: 2, max: 2, labels: 'score' });
});

test.each([
  [() => sumOfLosses([]), 'Expected `losses` to have at least one loss, received []. Add one.'],
  [
    () => sumOfLosses([cosentLoss()], { weights: [1, 2] }),
    'Expected `weights` to be as many as the 1 losses, received 2. Give one weight a loss.',
  ],
  [
    () => sumOfLosses([cosentLoss()], { weights: [Number.NaN] }),
    'Expected `weights` to be finite numbers, received NaN. Use 1 where unsure.',
  ],
  [
    () => sumOfLosses([cosentLoss(), contrastiveLoss()]),
    'Expected losses that can work with the same columns and labels, received `CoSENTLoss` with 2 to 2 columns and score labels, `ContrastiveLoss` with 2 to 2 columns and class labels. Give each loss a dataset of its own.',
  ],
  [() => sumOfLosses([cosentLoss(), tripletLoss()]), 'Expected losses that can work with the same columns and labels'],
  [
    () => globalOrthogonalRegularization({ meanWeight: null, secondMomentWeight: 0 }),
    'Expected `secondMomentWeight` or `meanWeight` to be above 0, received 0. Leave one of them out for 1.',
  ],
  [
    () => globalOrthogonalRegularization({ meanWeight: -1 }),
    'Expected `meanWeight` to be a number from 0 up, received -1. The default is 1.',
  ],
  [
    () => globalOrthogonalRegularization({ aggregation: 'max' as never }),
    'Expected `aggregation` to be one of `mean`, `sum`, received "max". Choose of these.',
  ],
  [
    () => embeddingDistillationLoss({ teacher: teacherOf(1), distanceMetric: 'dot' as never }),
    'Expected `distanceMetric` to be one of `cosine`, `l2`, `mse`, received "dot". Choose of these.',
  ],
])('a wrong option is refused: %#', (create, message) => {
  expect(create).toThrow(message);
});

test('a loss without a teacher takes vectors as labels, and refuses others', () => {
  const loss = embeddingDistillationLoss({ distanceMetric: 'mse' });
  expect(loss.columns).toEqual({ min: 1, labels: 'vector' });
  expect(loss.config).toEqual({ teacher: 'labels', distanceMetric: 'mse', truncateTeacher: false });
  const embeddings = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
  const input = { embeddings, rows: 1, dimension: 2, prepared: undefined, kernels: createNaiveKernels() };
  expect(loss.compute({ ...input, labels: Float32Array.of(1, 2, 3, 6) })).toBe(1);
  expect(() => loss.compute({ ...input, labels: Float32Array.of(1, 2, 3) })).toThrow(
    "Expected `EmbedDistillLoss` without a `teacher` to get a vector for each of a row's 2 texts as labels, received 3 numbers a row. Give the dataset a column of vectors, or the loss a `teacher`.",
  );
  expect(() => loss.compute(input)).toThrow('as labels, received none.');
  expect(() => loss.compute({ ...input, labels: new Float32Array(6) })).toThrow(
    "Expected `teacher` to have the embedding's 2 dimensions, received 3. Set `truncateTeacher`, or train a wider model.",
  );
});
