import { createRandom, type Loss, type LossComputeInput } from '@embedbag/core';
import { createNaiveKernels, testLoss } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { contrastiveLoss, cosentLoss, cosineSimilarityLoss, marginMseLoss, tripletLoss } from './index.js';

testLoss({ create: () => cosentLoss() });
testLoss({ name: 'CoSENTLoss, another scale', create: () => cosentLoss({ scale: 5 }) });
testLoss({ create: () => cosineSimilarityLoss() });
for (const distanceMetric of ['cosine', 'euclidean', 'manhattan'] as const) {
  testLoss({
    name: `TripletLoss, ${distanceMetric}`,
    create: () => tripletLoss({ distanceMetric, margin: distanceMetric === 'cosine' ? 0.3 : 1.5 }),
  });
}
for (const distanceMetric of ['cosine_distance', 'euclidean', 'manhattan'] as const) {
  testLoss({
    name: `ContrastiveLoss, ${distanceMetric}`,
    create: () => contrastiveLoss({ distanceMetric, margin: distanceMetric === 'cosine_distance' ? 0.9 : 6 }),
  });
}
for (const similarity of ['dot', 'cosine'] as const) {
  const create = (): Loss => marginMseLoss({ similarity });
  testLoss({ name: `MarginMSELoss, ${similarity}`, create, labelColumns: (columns) => columns - 2 });
  testLoss({ name: `MarginMSELoss, ${similarity}, scores`, create, labelColumns: (columns) => columns - 1 });
}

type Batch = Pick<LossComputeInput, 'labels' | 'valid'>;

/** Loss and gradients of columns of rows. */
function evaluate(
  loss: Loss,
  columns: readonly number[][][],
  batch: Batch = {},
): { value: number; gradients: number[][] } {
  const embeddings = columns.map((column) => Float32Array.from(column.flat()));
  const gradients = embeddings.map((column) => new Float32Array(column.length).fill(Number.NaN));
  const rows = columns[0]!.length;
  const dimension = columns[0]![0]!.length;
  const kernels = createNaiveKernels();
  const value = loss.compute({ embeddings, rows, dimension, prepared: undefined, kernels, ...batch }, gradients);
  return { value, gradients: gradients.map((gradient) => [...gradient]) };
}

function randomRows(seed: number, rows: number, dimension = 4): number[][] {
  const random = createRandom(seed, 'pairs');
  return Array.from({ length: rows }, () => Array.from({ length: dimension }, () => random.normal()));
}

test('CoSENT agrees with the sum over all pairs of rows, ties left out', () => {
  const columns = [randomRows(1, 40), randomRows(2, 40)];
  const random = createRandom(3);
  const labels = Float32Array.from({ length: 40 }, () => random.below(6) / 5);
  const cosine = (row: number): number => {
    const [a, b] = columns.map((column) => column[row]!) as [number[], number[]];
    return a.reduce((sum, x, d) => sum + x * b[d]!, 0) / Math.hypot(...a) / Math.hypot(...b);
  };
  let sum = 1;
  for (let i = 0; i < 40; i++) {
    for (let j = 0; j < 40; j++) if (labels[i]! < labels[j]!) sum += Math.exp(20 * (cosine(i) - cosine(j)));
  }
  expect(evaluate(cosentLoss(), columns, { labels }).value).toBeCloseTo(Math.log(sum), 5);
});

test('CoSENT of rows with one score is 0 and asks for nothing', () => {
  const { value, gradients } = evaluate(cosentLoss(), [randomRows(1, 3), randomRows(2, 3)], {
    labels: Float32Array.of(0.5, 0.5, 0.5),
  });
  expect(value).toBe(0);
  expect(gradients.flat().every((entry) => entry === 0)).toBe(true);
});

test('CoSENT stays finite where the exponentials would not', () => {
  const columns = [
    [
      [1, 0],
      [1, 0],
    ],
    [
      [1, 0],
      [-1, 0],
    ],
  ]; // prettier-ignore
  const loss = cosentLoss({ scale: 1000 });
  expect(evaluate(loss, columns, { labels: Float32Array.of(0, 1) }).value).toBeCloseTo(2000, 6);
  expect(evaluate(loss, columns, { labels: Float32Array.of(1, 0) }).value).toBe(0);
});

test('a triplet beyond the margin counts nothing, one within it the rest', () => {
  const columns = [
    [
      [0, 0],
      [0, 0],
    ],
    [
      [1, 0],
      [1, 0],
    ],
    [
      [0, 9],
      [0, 3],
    ],
  ]; // prettier-ignore
  const { value, gradients } = evaluate(tripletLoss({ margin: 5 }), columns);
  expect(value).toBe((0 + (1 - 3 + 5)) / 2);
  expect(gradients).toEqual([
    [0, 0, -0.5, 0.5],
    [0, 0, 0.5, 0],
    [0, 0, 0, -0.5],
  ]);
});

test('rows without a negative are left out of the mean of triplets and margins', () => {
  const columns = [randomRows(1, 3), randomRows(2, 3), randomRows(3, 3)];
  const valid = [undefined, undefined, Uint8Array.of(1, 0, 1)];
  const kept = columns.map((column) => [column[0]!, column[2]!]);
  const triplets = evaluate(tripletLoss(), columns, { valid });
  expect(triplets.value).toBeCloseTo(evaluate(tripletLoss(), kept).value, 12);
  expect(triplets.gradients.flatMap((gradient) => gradient.slice(4, 8)).every((entry) => entry === 0)).toBe(true);
  const margins = evaluate(marginMseLoss(), columns, { valid, labels: Float32Array.of(1, 7, 3) });
  expect(margins.value).toBeCloseTo(evaluate(marginMseLoss(), kept, { labels: Float32Array.of(1, 3) }).value, 12);
});

test('the config makes the same loss again', () => {
  const losses: [Loss, (config: never) => Loss][] = [
    [cosentLoss({ scale: 5 }), cosentLoss],
    [cosineSimilarityLoss(), cosineSimilarityLoss],
    [tripletLoss({ distanceMetric: 'cosine', margin: 0.1 }), tripletLoss],
    [contrastiveLoss({ distanceMetric: 'manhattan', margin: 2 }), contrastiveLoss],
    [marginMseLoss({ similarity: 'cosine' }), marginMseLoss],
  ];
  for (const [loss, create] of losses) {
    expect(create(loss.config as never).config).toEqual(loss.config);
    expect(loss.citation).toMatch(/^@\w+\{/);
  }
});

test.each([
  [() => cosentLoss({ scale: 0 }), 'Expected `scale` to be a positive number, received 0. CoSENT takes 20.'],
  [() => tripletLoss({ margin: -1 }), 'Expected `margin` to be a number from 0 up, received -1. The default is 5.'],
  [
    () => tripletLoss({ distanceMetric: 'dot' as never }),
    'Expected `distanceMetric` to be one of `cosine`, `euclidean`, `manhattan`, received "dot". Choose of these.',
  ],
  [
    () => contrastiveLoss({ distanceMetric: 'cosine' as never }),
    'Expected `distanceMetric` to be one of `cosine_distance`, `euclidean`, `manhattan`, received "cosine". Choose of these.',
  ],
  [
    () => contrastiveLoss({ margin: Number.NaN }),
    'Expected `margin` to be a number from 0 up, received NaN. The default is 0.5.',
  ],
  [
    () => marginMseLoss({ similarity: 'euclidean' as never }),
    'Expected `similarity` to be one of `dot`, `cosine`, received "euclidean". Choose of these.',
  ],
])('a wrong option is refused: %#', (create, message) => {
  expect(create).toThrow(message);
});

test.each([
  [
    cosentLoss(),
    1,
    2,
    'Expected `CoSENTLoss` to get 2 columns, two texts, received 1. Choose other columns when the dataset is read.',
  ],
  [
    cosineSimilarityLoss(),
    2,
    undefined,
    'Expected `CosineSimilarityLoss` to get one label a row, 2 in all, received none. Give the dataset a column of labels.',
  ],
  [
    contrastiveLoss(),
    2,
    3,
    'Expected `ContrastiveLoss` to get one label a row, 2 in all, received 3. Give the dataset a column of labels.',
  ],
  [
    tripletLoss(),
    2,
    undefined,
    'Expected `TripletLoss` to get 3 columns, anchor, positive and negative, received 2. Choose other columns when the dataset is read.',
  ],
  [
    marginMseLoss(),
    2,
    2,
    'Expected `MarginMSELoss` to get at least 3 columns, query, positive and negatives, received 2. Choose other columns when the dataset is read.',
  ],
  [
    marginMseLoss(),
    4,
    2,
    'Expected `MarginMSELoss` to get 2 margins or 3 scores a row as labels for 2 negatives, received 1. Give one for each negative, or drop columns.',
  ],
])('a batch that does not fit is refused: %#', (loss, columnCount, labelCount, message) => {
  const columns = Array.from({ length: columnCount }, (_, column) => randomRows(column, 2));
  const labels = labelCount === undefined ? {} : { labels: new Float32Array(labelCount) };
  expect(() => evaluate(loss, columns, labels)).toThrow(message);
});

test('labels that are no numbers, or no classes, are refused', () => {
  const columns = [randomRows(1, 2), randomRows(2, 2)];
  expect(() => evaluate(cosentLoss(), columns, { labels: Float32Array.of(1, Number.NaN) })).toThrow(
    'Expected the labels of `CoSENTLoss` to be finite numbers, received NaN at position 1 of the batch. Drop the row or correct it.',
  );
  expect(() => evaluate(contrastiveLoss(), columns, { labels: Float32Array.of(1, 4) })).toThrow(
    'Expected the labels of `ContrastiveLoss` to be 1 for texts that belong together and 0 for others, received 4. Use `cosineSimilarityLoss` for scores.',
  );
});
