import { readFileSync } from 'node:fs';
import { createRandom } from '@embedbag/core';
import { createNaiveKernels } from '@embedbag/testing';
import { describe, expect, test } from 'vitest';
import { collectRows } from './collect-rows.js';
import type { ColumnDataset } from './column-dataset.js';
import { datasetFromColumns } from './dataset-from-columns.js';
import { fileWith } from './fixtures/folder.js';
import { mineHardNegatives } from './mine-hard-negatives.js';
import type { MinedRow, MiningFormat } from './mined-row.js';
import type { MineHardNegativesOptions, MiningEncoder, MiningEvent } from './mining-options.js';
import type { MiningSummary } from './mining-summary.js';
import { openDataset } from './open-dataset.js';

type Settings = Omit<MineHardNegativesOptions, 'encode' | 'kernels'>;
type Vectors = Readonly<Record<string, readonly number[]>>;

const kernels = createNaiveKernels();

/** Embeddings out of a table. */
function encoder(vectors: Vectors): MiningEncoder {
  return (texts) => {
    const rows = texts.map((text) => vectors[text] as readonly number[]);
    return { data: Float32Array.from(rows.flat()), rows: rows.length, columns: rows[0]?.length ?? 0 };
  };
}

function pairs(...rows: readonly (readonly [anchor: string, positive: string])[]): ColumnDataset {
  const columns = { anchor: rows.map(([anchor]) => anchor), positive: rows.map(([, positive]) => positive) };
  return datasetFromColumns({ name: 'pairs', columns });
}

async function allRows(rows: AsyncIterable<MinedRow>): Promise<MinedRow[]> {
  const all: MinedRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

interface Reference {
  readonly pairs: readonly (readonly [string, string])[];
  readonly corpus: readonly string[];
  readonly embeddings: Vectors;
  readonly judgements: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly cases: readonly { readonly options: Readonly<Record<string, unknown>>; readonly rows: readonly object[] }[];
}

describe('as sentence-transformers does', () => {
  const reference = JSON.parse(
    readFileSync(new URL('fixtures/mined-negatives.json', import.meta.url), 'utf8'),
  ) as Reference;

  const inCamelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

  function settingsOf(options: Readonly<Record<string, unknown>>): Settings {
    const { corpus, cross_encoder: rescore, ...others } = options;
    return {
      ...(Object.fromEntries(Object.entries(others).map(([name, value]) => [inCamelCase(name), value])) as Settings),
      ...(corpus !== undefined && { corpus: reference.corpus }),
      ...(rescore !== undefined && {
        rescore: (some) => some.map(([anchor, text]) => reference.judgements[anchor]?.[text] ?? 0),
      }),
    };
  }

  /** The rows with every number that is no whole one replaced, and those numbers. */
  function apart(rows: readonly object[]): { readonly texts: unknown; readonly scores: readonly number[] } {
    const scores: number[] = [];
    const replaced = JSON.stringify(rows, (_, value: unknown) => {
      if (typeof value !== 'number' || Number.isInteger(value)) return value;
      scores.push(value);
      return 'a score';
    });
    return { texts: JSON.parse(replaced), scores };
  }

  test.for(reference.cases.map(({ options, rows }) => [JSON.stringify(options), rows, options] as const))(
    '%s',
    async ([, rows, options]) => {
      const mined = mineHardNegatives(pairs(...reference.pairs), {
        ...settingsOf(options),
        encode: encoder(reference.embeddings),
        kernels,
        batchSize: 7,
      });
      const received = apart(await allRows(mined));
      const expected = apart(rows);
      expect(received.texts).toEqual(expected.texts);
      const worst = expected.scores.reduce(
        (most, score, i) => Math.max(most, Math.abs(score - received.scores[i]!)),
        0,
      );
      expect(worst).toBeLessThan(1e-6);
    },
  );
});

describe('the rules, worked by hand', () => {
  // Cosines with the anchor: right 0.8, near 0.96, far 0.6, farther 0.28, other -0.6.
  const vectors: Vectors = {
    anchor: [1, 0],
    right: [4, 3],
    near: [24, 7],
    far: [3, 4],
    farther: [7, 24],
    other: [-3, 4],
  };
  const corpus = ['near', 'far', 'farther', 'other'];

  async function found(settings: Settings, dataset = pairs(['anchor', 'right'])): Promise<(string | undefined)[]> {
    const all = { numNegatives: 4, corpus, ...settings, encode: encoder(vectors), kernels };
    return (await allRows(mineHardNegatives(dataset, all))).map(({ negative }) => negative);
  }

  test('without a rule the nearest come first, and never the positive', async () => {
    expect(await found({})).toEqual(['near', 'far', 'farther', 'other']);
    expect(await found({ numNegatives: 2 })).toEqual(['near', 'far']);
  });

  test('a margin of 0 leaves out what is nearer than the positive', async () => {
    expect(await found({ absoluteMargin: 0 })).toEqual(['far', 'farther', 'other']);
    expect(await found({ relativeMargin: 0 })).toEqual(['far', 'farther', 'other']);
  });

  test('an absolute margin is a distance, a relative one a share of the positive', async () => {
    expect(await found({ absoluteMargin: 0.19 })).toEqual(['far', 'farther', 'other']);
    expect(await found({ absoluteMargin: 0.21 })).toEqual(['farther', 'other']);
    expect(await found({ relativeMargin: 0.24 })).toEqual(['far', 'farther', 'other']);
    expect(await found({ relativeMargin: 0.26 })).toEqual(['farther', 'other']);
  });

  test('a relative margin of a positive below 0 lies below it', async () => {
    // -0.6 less 10 % of 0.6 is -0.66: not even `other` itself would be far enough.
    expect(await found({ relativeMargin: 0.1, corpus: [...corpus, 'right'] }, pairs(['anchor', 'other']))).toEqual([]);
  });

  test('scores have bounds, which belong to the range', async () => {
    expect(await found({ maxScore: 0.7, minScore: 0 })).toEqual(['far', 'farther']);
    expect(await found({ maxScore: 0.6, numNegatives: 1 })).toEqual(['far']);
  });

  test('ranks count what keeps the rules', async () => {
    expect(await found({ rangeMin: 1, numNegatives: 2 })).toEqual(['far', 'farther']);
    expect(await found({ rangeMin: 1, rangeMax: 4, maxScore: 0.9, numNegatives: 2 })).toEqual(['farther', 'other']);
    // The nearest three and the positive: `other` is not among them.
    expect(await found({ rangeMin: 1, rangeMax: 3, maxScore: 0.9, numNegatives: 2 })).toEqual(['farther']);
  });

  test('of several positives the farthest counts, and none is a negative', async () => {
    const two = pairs(['anchor', 'right'], ['anchor', 'far']);
    expect(await found({ absoluteMargin: 0 }, two)).toEqual(['farther', 'other', 'farther', 'other']);
  });

  test('texts with the embedding of the positive are at no distance from it', async () => {
    const same = { ...vectors, again: [8, 6] };
    const options = { corpus: ['again'], absoluteMargin: 0, encode: encoder(same), kernels };
    const rows = await allRows(mineHardNegatives(pairs(['anchor', 'right']), options));
    expect(rows.map(({ negative }) => negative)).toEqual(['again']);
  });

  test('of texts that are equally near the first of the corpus come first', async () => {
    const same = Array.from({ length: 40 }, (_, i) => `same ${39 - i}`);
    const vectorsOfSame = { ...vectors, ...Object.fromEntries(same.map((text) => [text, [3, 4]])) };
    for (const embeddingBytes of [1, 2 ** 20]) {
      const options = { corpus: same, encode: encoder(vectorsOfSame), kernels, embeddingBytes };
      const rows = await allRows(mineHardNegatives(pairs(['anchor', 'right']), options));
      expect(rows.map(({ negative }) => negative)).toEqual(['same 39', 'same 38', 'same 37']);
    }
  });

  test('the summary counts what each rule removed, and what was found', async () => {
    const rows = mineHardNegatives(pairs(['anchor', 'right'], ['anchor', 'right']), {
      ...{ corpus, encode: encoder(vectors), kernels },
      ...{ absoluteMargin: 0.01, minScore: 0, numNegatives: 3, outputScores: true },
    });
    const all: MinedRow[] = [];
    let next = await rows.next();
    for (; !next.done; next = await rows.next()) all.push(next.value);
    expect(all.map(({ negative, scores }) => [negative, ...(scores ?? []).map((score) => score.toFixed(2))])).toEqual([
      ['far', '0.80', '0.60'],
      ['farther', '0.80', '0.28'],
    ]);
    const summary: MiningSummary = next.value;
    expect(summary).toMatchObject({
      ...{ anchors: 1, pairs: 1, corpusTexts: 5, rows: 2, candidates: 4 },
      ...{ anchorsWithFewerNegatives: 1, anchorsWithoutNegatives: 0 },
      skipped: { absoluteMargin: 1, relativeMargin: 0, maxScore: 0, minScore: 1 },
      positiveScores: { count: 1, mean: expect.closeTo(0.8, 6) },
      negativeScores: { count: 2, mean: expect.closeTo(0.44, 6), minimum: expect.closeTo(0.28, 6) },
      differences: { count: 2, maximum: expect.closeTo(0.52, 6), standardDeviation: expect.closeTo(0.226274, 5) },
    });
  });
});

/** A dataset of `rows` pairs with few words, so that anchors and positives repeat, and vectors for all of its texts. */
function randomPairs(rows: number, seed: number): { readonly dataset: ColumnDataset; readonly vectors: Vectors } {
  const random = createRandom(seed, 'pairs');
  const text = (kind: string, most: number): string => `${kind} ${random.below(most)}`;
  const drawn = Array.from({ length: rows }, () => [text('anchor', rows), text('answer', rows)] as const);
  const texts = [...new Set(drawn.flat())];
  const vectors = Object.fromEntries(texts.map((each) => [each, Array.from({ length: 4 }, () => random.normal())]));
  return { dataset: pairs(...drawn), vectors };
}

const { dataset, vectors } = randomPairs(400, 3);
const mine = (settings: Settings): ReturnType<typeof mineHardNegatives> =>
  mineHardNegatives(dataset, { ...settings, encode: encoder(vectors), kernels });

test('memory for embeddings changes nothing of what is found', async () => {
  const settings: Settings = { relativeMargin: 0.05, outputScores: true, samplingStrategy: 'random', seed: 5 };
  const expected = await allRows(mine(settings));
  for (const embeddingBytes of [1, 700, 4000]) {
    const embedded: number[] = [];
    const onEvent = (event: MiningEvent): void => void (event.type === 'texts-embedded' && embedded.push(event.texts));
    const rows = await allRows(mine({ ...settings, embeddingBytes, batchSize: 16, onEvent }));
    expect(rows).toEqual(expected);
    expect(embedded.at(-1), 'the corpus was embedded more than once').toBeGreaterThan(400 * 3);
  }
}, 60_000);

test('a dataset whose texts stay in their file gives the same rows', async () => {
  const rows = Array.from({ length: dataset.rowCount }, (_, row) => row);
  const [anchors, positives] = [dataset.texts(0, rows), dataset.texts(1, rows)];
  const lines = rows.map((row) => `${JSON.stringify({ anchor: anchors[row], positive: positives[row] })}\n`);
  const streamed = await openDataset(fileWith('streamed.jsonl', lines.join('')), { memoryBytes: 3000 });
  expect(streamed.blocks).toBeDefined();
  const settings = { encode: encoder(vectors), kernels, absoluteMargin: 0.1 };
  expect(await allRows(mineHardNegatives(streamed, settings))).toEqual(await allRows(mine({ absoluteMargin: 0.1 })));
});

test('chance comes from the seed: another one takes other negatives from the same range', async () => {
  const settings: Settings = { samplingStrategy: 'random', rangeMin: 2, rangeMax: 12, numNegatives: 4 };
  const negatives = async (more: Settings): Promise<string[]> =>
    (await allRows(mine({ ...settings, ...more }))).map(({ anchor, negative }) => `${anchor} > ${negative}`);
  const first = await negatives({ seed: 1 });
  expect(await negatives({ seed: 1 })).toEqual(first);
  expect(await negatives({ seed: 2 })).not.toEqual(first);
  const range = new Set(await negatives({ samplingStrategy: 'top', numNegatives: 10 }));
  expect(first.filter((each) => !range.has(each))).toEqual([]);
  const drawn = new Set<string>();
  for (let seed = 0; seed < 40; seed++) for (const each of await negatives({ seed })) drawn.add(each);
  expect(drawn).toEqual(range);
}, 60_000);

test('rows come before all anchors are mined, and none after an abort', async () => {
  const controller = new AbortController();
  const events: string[] = [];
  const rows = mine({ embeddingBytes: 1, signal: controller.signal, onEvent: ({ type }) => void events.push(type) });
  expect((await rows.next()).value).toMatchObject({ anchor: expect.any(String), negative: expect.any(String) });
  expect(events).toContain('pairs-compared');
  expect(events).not.toContain('mining-end');
  controller.abort(new Error('enough'));
  await expect(allRows(rows)).rejects.toThrow('enough');
});

test('events count to the end', async () => {
  const events: MiningEvent[] = [];
  const rows = await allRows(mine({ batchSize: 100, onEvent: (event) => void events.push(event) }));
  const last = <Type extends MiningEvent['type']>(type: Type): MiningEvent | undefined =>
    events.findLast((event) => event.type === type);
  const { summary } = last('mining-end') as MiningEvent & { readonly type: 'mining-end' };
  const { anchors, corpusTexts } = summary;
  expect(summary.rows).toBe(rows.length);
  expect(last('texts-embedded')).toMatchObject({ texts: anchors + corpusTexts, totalTexts: anchors + corpusTexts });
  expect(last('pairs-compared')).toMatchObject({ pairs: anchors * corpusTexts, totalPairs: anchors * corpusTexts });
  expect(last('anchors-mined')).toMatchObject({ anchors, totalAnchors: anchors, rows: rows.length });
});

test.for(['triplet', 'n-tuple', 'n-tuple-scores', 'labeled-pair'] satisfies MiningFormat[])(
  'rows of the format %s become a dataset',
  async (outputFormat) => {
    const rows = await allRows(mine({ outputFormat }));
    const mined = await collectRows(mine({ outputFormat }), { name: 'mined' });
    expect(mined.rowCount).toBe(rows.length);
    const negatives = outputFormat === 'triplet' ? ['negative'] : ['negative_1', 'negative_2', 'negative_3'];
    expect(mined.columns).toEqual(['anchor', 'positive', ...(outputFormat === 'labeled-pair' ? [] : negatives)]);
    expect(mined.texts(1, [5])).toEqual([rows[5]?.positive]);
    const labels = { 'labeled-pair': [rows[5]?.label], 'n-tuple-scores': rows[5]?.scores };
    expect(mined.labels && [...mined.labels([5])]).toEqual(labels[outputFormat as 'labeled-pair']);
  },
);

test('columns of other roles may be mined for', async () => {
  const triplets = datasetFromColumns({
    name: 'triplets',
    columns: { anchor: ['a'], positive: ['b'], negative: ['c'] },
  });
  const options = { encode: encoder({ a: [1, 0], b: [0, 1], c: [1, 1] }), kernels, corpus: ['a', 'b'] };
  const rows = mineHardNegatives(triplets, { ...options, anchorColumn: 'positive', positiveColumn: 'negative' });
  expect(await allRows(rows)).toEqual([
    { anchor: 'b', positive: 'c', negative: 'b' },
    { anchor: 'b', positive: 'c', negative: 'a' },
  ]);
});

describe('what is wrong is told', () => {
  const one = pairs(['anchor', 'right']);
  const table = encoder({ anchor: [1, 0], right: [0, 1], wrong: [1, 1] });
  const refusal = (settings: Partial<MineHardNegativesOptions>, data: ColumnDataset = one) => {
    return () => mineHardNegatives(data, { encode: table, kernels, ...settings });
  };

  test.for<[Partial<MineHardNegativesOptions>, string]>([
    [
      { numNegatives: 0 },
      'Expected `numNegatives` to be a whole number of at least 1, received 0. Leave it out for the default.',
    ],
    [
      { rangeMin: -1 },
      'Expected `rangeMin` to be a whole number of at least 0, received -1. Leave it out for the default.',
    ],
    [
      { rangeMin: 5, rangeMax: 7 },
      'Expected `rangeMax` to be at least 8, for 3 negatives after a `rangeMin` of 5, received 7. Raise it, or lower `rangeMin` or `numNegatives`.',
    ],
    [
      { absoluteMargin: Number.NaN },
      'Expected `absoluteMargin` to be a number, received NaN. Leave it out to do without it.',
    ],
    [
      { minScore: 0.5, maxScore: 0.2 },
      'Expected `minScore` to be at most the `maxScore` of 0.2, received 0.5. Lower it, or every text is passed over.',
    ],
    [
      { outputFormat: 'triplets' as MiningFormat },
      'Expected `outputFormat` to be `triplet`, `n-tuple`, `n-tuple-scores`, `labeled-pair`, `labeled-list`, received `triplets`. Choose one of them.',
    ],
    [
      { samplingStrategy: 'best' as 'top' },
      'Expected `samplingStrategy` to be `top`, `random`, received `best`. Choose one of them.',
    ],
    [
      { includePositives: true, outputFormat: 'triplet' },
      'Expected `outputFormat` to be `n-tuple` with `includePositives`, whose order of texts says their ranks, received `triplet`. Leave one of the two out.',
    ],
    [
      { anchorColumn: 'question' },
      'Expected a column `question` in dataset `pairs`, received `anchor`, `positive`. Name one of these in `anchorColumn` and another in `positiveColumn`.',
    ],
    [
      { positiveColumn: 'anchor' },
      'Expected `positiveColumn` to be another column than that of the anchors, received `anchor`. Name two.',
    ],
  ])('%s', ([settings, message]) => {
    expect(refusal(settings)).toThrow(message);
  });

  test('a dataset without rows', () => {
    const none = datasetFromColumns({ name: 'none', columns: { anchor: [], positive: [] } });
    expect(refusal({}, none)).toThrow(
      'Expected dataset `none` to have rows, received none. Give pairs of an anchor and a positive.',
    );
  });

  test('embeddings of another shape', async () => {
    const encode: MiningEncoder = (texts) => ({ data: new Float32Array(4), rows: 2 + texts.length, columns: 2 });
    await expect(refusal({ encode })().next()).rejects.toThrow(
      'Expected `encode` to return 1 rows of some dimensions for 1 texts, received 3 of 2 with 4 values. Return one embedding a text, all of one dimension.',
    );
  });

  test('scores that are too few, or no numbers', async () => {
    const rows = refusal({ corpus: ['wrong'], rescore: () => [1] });
    await expect(rows().next()).rejects.toThrow(
      'Expected `rescore` to return 2 numbers for 2 pairs, received 1. Return one score a pair, in the order of the pairs.',
    );
    const numbers = refusal({ corpus: ['wrong'], rescore: () => [1, Number.NaN] });
    await expect(numbers().next()).rejects.toThrow('for 2 pairs, received the score NaN.');
  });

  test('no rows to collect', async () => {
    await expect(collectRows([], { name: 'mined' })).rejects.toThrow(
      'Expected at least one row for dataset `mined`, received none. Widen what chooses them.',
    );
  });
});
