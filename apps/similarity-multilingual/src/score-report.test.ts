import { translationEvaluator } from '@embedbag/evaluators';
import { expect, test } from 'vitest';
import { RECIPE, type Scores, type SimilaritySet } from './recipe.js';
import { languageOf, scoreTables, setsOfKind } from './score-report.js';

const evaluator = translationEvaluator({ sourceSentences: ['a', 'b'], targetSentences: ['x', 'y'] });
const setOf = (kind: SimilaritySet['kind'], name: string): SimilaritySet => ({ kind, name, size: 1000, evaluator });
const figures = (value: number): Scores[string] =>
  Object.fromEntries(
    RECIPE.matryoshkaDims.map((dim) => [
      dim,
      {
        spearman_cosine: value,
        mean_accuracy: value,
        src2trg_accuracy: value + 0.01,
        trg2src_accuracy: value - 0.01,
      },
    ]),
  );

test.each([
  ['stsb/de-test', 'de'],
  ['tatoeba/deu', 'deu'],
  ['tldr/en-pt_BR', 'pt_BR'],
  ['en-zh-cn', 'zh-cn'],
  ['stsb/en-test', 'en'],
])('the language of %s is %s', (name, expected) => {
  expect(languageOf(name)).toBe(expected);
});

test('each kind has a table of its languages and their mean', () => {
  const sets = [setOf('similarity', 'stsb/de-test'), setOf('translation', 'deu'), setOf('translation', 'fra')];
  const before = { 'stsb/de-test': figures(0.1), deu: figures(0.2), fra: figures(0.3) };
  const after = { 'stsb/de-test': figures(0.4), deu: figures(0.5), fra: figures(0.7) };
  const text = scoreTables({ sets, before, after, trained: new Set(['deu']) });
  const rows = text.split('\n').map((line) => line.split(/\s{2,}/));
  expect(rows.find(([name]) => name === 'de')).toEqual(['de', '1,000', '0.100', '0.400', '0.400', '0.400', '0.400']);
  expect(rows.find(([name]) => name === 'mean of 2')).toEqual([
    'mean of 2',
    '2,000',
    '0.250',
    '0.600',
    '0.610',
    '0.590',
    '0.600',
    '0.600',
    '0.600',
  ]);
  expect(text).not.toContain('mean of 1');
});

test('of very many languages those that were trained on are shown, and the rest as a mean', () => {
  const names = Array.from({ length: 30 }, (_, index) => `tatoeba/l${index}`);
  const sets = names.map((name) => setOf('translation', name));
  const scores = Object.fromEntries(names.map((name, index) => [name, figures(index / 100)]));
  const report = { sets, before: scores, after: scores, trained: new Set(['l3', 'l5']) };
  expect(setsOfKind(report, 'translation').shown.map(({ name }) => name)).toEqual(['tatoeba/l3', 'tatoeba/l5']);
  const text = scoreTables(report);
  expect(text).toMatch(/^mean of 2 +2,000 +0\.040/m);
  expect(text).toMatch(/^mean of 28 others +28,000 +0\.152/m);
  expect(setsOfKind({ ...report, trained: new Set() }, 'translation').shown).toHaveLength(30);
});
