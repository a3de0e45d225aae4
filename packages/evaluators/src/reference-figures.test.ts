import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { appendEvaluationCsv } from './append-evaluation-csv.js';
import { binaryClassificationEvaluator } from './binary-classification-evaluator.js';
import { embeddingSimilarityEvaluator } from './embedding-similarity-evaluator.js';
import { vectorModel } from './fixtures/vector-model.js';
import { informationRetrievalEvaluator } from './information-retrieval-evaluator.js';
import { nanoBeirEvaluator } from './nano-beir-evaluator.js';
import { rerankingEvaluator } from './reranking-evaluator.js';
import type { EvaluatorByDim } from './result-by-dim.js';
import { translationEvaluator } from './translation-evaluator.js';
import { tripletEvaluator } from './triplet-evaluator.js';

/** What the reference said, given `options`; see sentence-transformers-figures.py. */
interface ReferenceCase {
  readonly options: Record<string, unknown>;
  readonly metrics: Record<string, number>;
  readonly primaryMetric: string;
  /** By file name, what it holds after two evaluations. */
  readonly files: Record<string, string>;
}

type Data = Record<string, unknown> & { readonly cases: readonly ReferenceCase[] };

const figures = JSON.parse(
  readFileSync(new URL('./fixtures/sentence-transformers-figures.json', import.meta.url), 'utf8'),
) as Record<string, Data> & { readonly vectors: Record<string, number[]> };
const model = vectorModel(figures.vectors);

/** The options without our own name for the case where the reference had one. */
function create<Options>(
  evaluator: (options: Options) => EvaluatorByDim,
  kind: string,
): [EvaluatorByDim, ReferenceCase][] {
  const { cases, ...data } = figures[kind]!;
  return cases.map((each) => {
    const name = nameOf(kind, each);
    return [evaluator({ ...data, name, ...each.options } as Options), each];
  });
}

const NAMES: Readonly<Record<string, string>> = {
  informationRetrieval: 'plain',
  binaryClassification: 'pairs',
  embeddingSimilarity: 'sts',
  triplet: 'nli',
  translation: 'en-de',
  reranking: 'ask',
};

function nameOf(kind: string, { primaryMetric }: ReferenceCase): string {
  const name = NAMES[kind]!;
  return primaryMetric.startsWith(`${name}_`) ? name : '';
}

const sets = figures.nanoBeir!.sets as Record<string, never>;

const kinds: readonly [string, [EvaluatorByDim, ReferenceCase][]][] = [
  ['InformationRetrievalEvaluator', create(informationRetrievalEvaluator, 'informationRetrieval')],
  ['BinaryClassificationEvaluator', create(binaryClassificationEvaluator, 'binaryClassification')],
  ['EmbeddingSimilarityEvaluator', create(embeddingSimilarityEvaluator, 'embeddingSimilarity')],
  ['TripletEvaluator', create(tripletEvaluator, 'triplet')],
  ['TranslationEvaluator', create(translationEvaluator, 'translation')],
  ['RerankingEvaluator', create(rerankingEvaluator, 'reranking')],
  [
    'NanoBEIREvaluator',
    figures.nanoBeir!.cases.map((each) => [
      nanoBeirEvaluator({
        datasetNames: figures.nanoBeir!.datasetNames as string[],
        load: (split) => sets[split]!,
        ...each.options,
      }),
      each,
    ]),
  ],
];
const cases = kinds.flatMap(([kind, list]) =>
  list.map(([evaluator, expected]) => ({ kind, title: JSON.stringify(expected.options), evaluator, expected })),
);

const folder = mkdtempSync(join(tmpdir(), 'embedbag-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sums in float32, as the reference has them, differ in the seventh digit. */
const DIGITS = 6;

test.each(cases)('$kind gives the figures of sentence-transformers: $title', async ({ evaluator, expected }) => {
  const { metrics, primaryMetric } = await evaluator.evaluate(model);
  expect(Object.keys(metrics)).toEqual(Object.keys(expected.metrics));
  for (const [key, value] of Object.entries(expected.metrics)) expect(metrics[key], key).toBeCloseTo(value, DIGITS);
  expect(primaryMetric).toBe(expected.primaryMetric);
});

test.each(cases)('$kind writes its files: $title', async ({ kind, title, evaluator, expected }) => {
  const own = join(folder, `${kind}${title}`.replaceAll(/\W/g, '-'));
  const result = await evaluator.evaluate(model);
  const paths = await appendEvaluationCsv(result, { folder: own, epoch: 0.5, steps: 10 });
  await appendEvaluationCsv(result, { folder: own, epoch: 1, steps: 20 });
  expect(paths.sort()).toEqual(Object.keys(expected.files).map((name) => join(own, name)));
  for (const [name, text] of Object.entries(expected.files)) {
    const ours = readFileSync(join(own, name), 'utf8');
    const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
    const cells = (content: string): string[][] => content.split(lineEnd).map((line) => line.split(','));
    const [header, ...rows] = cells(text);
    const [ourHeader, ...ourRows] = cells(ours);
    expect(ourHeader).toEqual(header);
    expect(ourRows.map((row) => row.slice(0, 2))).toEqual(rows.map((row) => row.slice(0, 2)));
    for (const [i, row] of rows.entries()) {
      expect(ourRows[i]).toHaveLength(row.length);
      for (const [j, cell] of row.entries())
        expect(Number(ourRows[i]![j]), header![j]!).toBeCloseTo(Number(cell), DIGITS);
    }
  }
});
