import { createRandom, type Loss, type LossPrepareInput, type TextGuide } from '@embedbag/core';
import { contrastiveInFloat64, createTypeScriptKernels } from '@embedbag/kernels';
import { createNaiveKernels, naiveContrastive, testLoss } from '@embedbag/testing';
import { expect, test } from 'vitest';
import { type GistEmbedLossOptions, gistEmbedLoss } from './gist-embed-loss.js';
import { matryoshkaLoss } from './matryoshka-loss.js';
import { multipleNegativesRankingLoss } from './multiple-negatives-ranking-loss.js';

/** A guide of 5 dimensions that goes by the texts alone. */
const guide: TextGuide = (texts) => {
  const data = texts.flatMap((text) => {
    const random = createRandom(2, text);
    return Array.from({ length: 5 }, () => random.normal());
  });
  return { data: Float32Array.from(data), rows: texts.length, columns: 5 };
};

const VARIANTS: Record<string, Omit<GistEmbedLossOptions, 'guide'>> = {
  'the default': {},
  'an absolute margin': { margin: 0.2, temperature: 0.05 },
  'a relative margin': { marginStrategy: 'relative', margin: 0.3, temperature: 0.05 },
  'documents only': { contrastAnchors: false, contrastPositives: false },
};

for (const [name, options] of Object.entries(VARIANTS)) {
  testLoss({
    name: `GISTEmbedLoss, ${name}`,
    create: () => gistEmbedLoss({ guide, ...options }),
    createKernels: async () => createTypeScriptKernels(),
    // At 1 / temperature 100 the fourth derivative is large.
    tolerance: 5e-3,
  });
}
testLoss({
  name: 'GISTEmbedLoss under MatryoshkaLoss',
  create: () => matryoshkaLoss(gistEmbedLoss({ guide, temperature: 0.05 }), { dims: [8, 4] }),
  createKernels: async () => createTypeScriptKernels(),
  dimensions: [8, 11],
});

function batch(texts: readonly (readonly string[])[]): LossPrepareInput {
  const textHashes = texts.map((column) => new Uint32Array(column.length * 2));
  const rows = Int32Array.from(texts[0]!.keys());
  return { texts, textHashes, dataset: 'd', rows, random: createRandom(1) };
}

function textsOf(columnCount: number, rows: number): string[][] {
  return Array.from({ length: columnCount }, (_, column) =>
    Array.from({ length: rows }, (_, row) => `${column} ${row}`),
  );
}

test.each([2, 3, 5])('the float64 gradient agrees with central differences, %i columns', async (columnCount) => {
  const loss = gistEmbedLoss({ guide, temperature: 0.05, margin: 0.1 });
  const prepared = await loss.prepare!(batch(textsOf(columnCount, 6)), undefined);
  const random = createRandom(columnCount);
  const columns = prepared.columns.map(() => Float64Array.from({ length: 6 * 7 }, () => random.normal()));
  const terms = [
    { dim: 7, weight: 1 },
    { dim: 3, weight: 0.5 },
  ];
  const problem = { ...loss.contrastive!(columnCount, prepared), rows: 6, dimension: 7, columns, terms };
  const gradients = columns.map((column) => new Float64Array(column.length));
  expect(contrastiveInFloat64(problem, gradients)).toBeCloseTo(naiveContrastive(problem).loss, 11);
  for (const [index, column] of columns.entries()) {
    for (let i = 0; i < column.length; i++) {
      const held = column[i]!;
      column[i] = held + 1e-5;
      const above = contrastiveInFloat64(problem);
      column[i] = held - 1e-5;
      const below = contrastiveInFloat64(problem);
      column[i] = held;
      expect(gradients[index]![i]).toBeCloseTo((above - below) / 2e-5, 5);
    }
  }
});

/** The loss of embeddings that equal the guide's, so that what it removes can be told from the value. */
async function lossOf(loss: Loss, vectors: readonly number[][][]): Promise<number> {
  const embeddings = vectors.map((column) => Float32Array.from(column.flat()));
  const rows = vectors[0]!.length;
  const prepared = await loss.prepare?.(batch(textsOf(vectors.length, rows)), undefined);
  return loss.compute({ embeddings, rows, dimension: 2, prepared, kernels: createNaiveKernels() });
}

/** A guide that has these vectors by column. */
function fixedGuide(vectors: readonly number[][][]): TextGuide {
  return (texts, _, { column }) => ({
    data: Float32Array.from(vectors[column]!.flat()),
    rows: texts.length,
    columns: 2,
  });
}

const DOCUMENTS = { contrastAnchors: false, contrastPositives: false, temperature: 1 };
const ANCHORS = [
  [1, 0],
  [0, 1],
];

test('a candidate that the guide finds as similar as the positive stays', async () => {
  const equal = [
    ANCHORS,
    [
      [1, 1],
      [1, 1],
    ],
  ]; // prettier-ignore
  const loss = gistEmbedLoss({ guide: fixedGuide(equal), ...DOCUMENTS });
  expect(await lossOf(loss, equal)).toBeCloseTo(Math.log(2), 6);
});

test('a candidate that the guide finds more similar than the positive goes, the positive itself never', async () => {
  const vectors = [
    ANCHORS,
    [
      [1, 1],
      [2, 1],
    ],
  ]; // prettier-ignore
  const crossed = fixedGuide([
    ANCHORS,
    [
      [0, 1],
      [1, 0],
    ],
  ]); // prettier-ignore
  expect(await lossOf(gistEmbedLoss({ guide: crossed, ...DOCUMENTS }), vectors)).toBe(0);
  const straight = fixedGuide([ANCHORS, ANCHORS]);
  const own = [1 / Math.sqrt(2), 1 / Math.sqrt(5)] as const;
  const other = [2 / Math.sqrt(5), 1 / Math.sqrt(2)] as const;
  const expected = (Math.log1p(Math.exp(other[0] - own[0])) + Math.log1p(Math.exp(other[1] - own[1]))) / 2;
  expect(await lossOf(gistEmbedLoss({ guide: straight, ...DOCUMENTS }), vectors)).toBeCloseTo(expected, 6);
});

test('a guide that removes nothing but the texts themselves leaves the ranking loss over all documents', async () => {
  const vectors = [1, 2, 3].map((seed) => {
    const random = createRandom(seed);
    return Array.from({ length: 4 }, () => [random.normal(), random.normal()]);
  });
  const perfect = fixedGuide([vectors[0]!, vectors[0]!, vectors[0]!]);
  const gist = gistEmbedLoss({ guide: perfect, temperature: 0.05, contrastAnchors: false, contrastPositives: false });
  expect(await lossOf(gist, vectors)).toBeCloseTo(
    await lossOf(multipleNegativesRankingLoss({ scale: 20 }), vectors),
    6,
  );
});

test('the config holds all but the guide, which it names', () => {
  const loss = gistEmbedLoss({ guide, guideName: 'first run', margin: 0.1 });
  expect(loss.config).toEqual({
    guide: 'first run',
    temperature: 0.01,
    marginStrategy: 'absolute',
    margin: 0.1,
    contrastAnchors: true,
    contrastPositives: true,
  });
  expect(gistEmbedLoss({ guide }).config).toMatchObject({ guide: 'guide' });
  expect(loss.citation).toContain('solatorio2024gistembed');
});

test('a batch that was not prepared, and one column, are refused', () => {
  const input = { rows: 1, dimension: 2, kernels: createNaiveKernels(), prepared: undefined as never };
  const one = new Float32Array(2);
  expect(() => gistEmbedLoss({ guide }).compute({ ...input, embeddings: [one, one] })).toThrow(
    'Expected `GISTEmbedLoss` to get what its `prepare` returned for the batch, received nothing. Call `prepare` first and pass its result as `prepared`.',
  );
  expect(() => gistEmbedLoss({ guide }).compute({ ...input, embeddings: [one] })).toThrow(
    'Expected `GISTEmbedLoss` to get at least 2 columns, anchor, positive and negatives, received 1. Choose other columns when the dataset is read.',
  );
});

test('a guide that returns another number of embeddings is refused', async () => {
  const short: TextGuide = () => ({ data: new Float32Array(2), rows: 1, columns: 2 });
  await expect(gistEmbedLoss({ guide: short }).prepare!(batch(textsOf(2, 3)), undefined)).rejects.toThrow(
    'Expected `guide` to return 3 rows for 3 texts, received 1. Return one embedding a text, all of one dimension.',
  );
});

test('a guide that is no function, such as the model itself, is refused', () => {
  const model = { dimension: 2 } as unknown as TextGuide;
  for (const [given, received] of [
    [model, 'object'],
    [undefined, 'undefined'],
    [null, 'null'],
  ] as const) {
    expect(() => gistEmbedLoss({ guide: given as TextGuide })).toThrow(
      `Expected \`guide\` to be a function of texts, received ${received}. Make one with \`guideFromModel(model)\`, or with \`guideFromVectors\` of embeddings.`,
    );
  }
});

test('the guide is not asked after the run was stopped', async () => {
  const stopped = AbortSignal.abort(new Error('enough'));
  await expect(gistEmbedLoss({ guide }).prepare!(batch(textsOf(2, 1)), stopped)).rejects.toThrow('enough');
});

test.each([
  [{ temperature: 0 }, 'Expected `temperature` to be a positive number, received 0. GIST takes 0.01.'],
  [{ margin: -0.1 }, 'Expected `margin` to be a number from 0 up, received -0.1. GIST takes 0.'],
  [
    { marginStrategy: 'percent' as never },
    'Expected `marginStrategy` to be one of `absolute`, `relative`, received "percent". Choose of these.',
  ],
])('the options %j are refused', (options, message) => {
  expect(() => gistEmbedLoss({ guide, ...options })).toThrow(message);
});
