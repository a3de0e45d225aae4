import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';
import { TRAINING_RECIPES, withRecipe } from './training-recipes.js';

let files: TinyFiles;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

const { initialTable, lossOptions } = TRAINING_RECIPES.best;

test('a recipe fills in what the settings leave open', () => {
  expect(withRecipe({})).toEqual({});
  expect(withRecipe({ recipe: 'article' })).toEqual({ lossOptions: {}, arguments: { bf16: true } });
  expect(withRecipe({ recipe: 'best', dimension: 64 })).toEqual({ dimension: 64, ...TRAINING_RECIPES.best });
  const own = {
    initialTable: { kind: 'random' },
    lossOptions: { partitionMode: 'joint', scale: 30 },
    arguments: { perDeviceTrainBatchSize: 64, seed: 1 },
  } as const;
  expect(withRecipe({ recipe: 'best', ...own })).toEqual({
    initialTable: own.initialTable,
    lossOptions: { ...lossOptions, ...own.lossOptions },
    arguments: { ...TRAINING_RECIPES.best.arguments, ...own.arguments },
  });
  const { scale: _, ...unscaled } = lossOptions!;
  expect(withRecipe({ recipe: 'best', scale: 30 })).toMatchObject({ scale: 30, lossOptions: unscaled });
  expect(withRecipe({ recipe: 'best', scale: 30 }).lossOptions).not.toHaveProperty('scale');
});

test('a recipe gives a saved model no table, and another kind of loss no options', () => {
  expect(withRecipe({ recipe: 'best', model: 'saved' })).not.toHaveProperty('initialTable');
  for (const [loss, expected] of [
    ['cached-multiple-negatives-ranking', lossOptions],
    ['cosent', undefined],
    ['./my-loss.js', undefined],
  ] as const) {
    const settings = withRecipe({ recipe: 'best', loss, arguments: {} });
    expect((settings as { readonly lossOptions?: unknown }).lossOptions).toEqual(expected);
    expect(settings).toMatchObject({ initialTable, arguments: TRAINING_RECIPES.best.arguments });
  }
});

test('`embedbag train --recipe best` is the run of its settings, as flags and in a config', async () => {
  const tables: Buffer[] = [];
  const config = await files.file('best.json', JSON.stringify({ recipe: 'best' }));
  const { kind, exponent } = initialTable as { kind: string; exponent: number };
  const spelledOut = [
    '--initial-table',
    JSON.stringify({ kind, exponent }),
    '--bf16',
    'true',
    '--learning-rate',
    '0.14',
  ];
  for (const [index, more] of [
    ['--recipe', 'best'],
    ['--config', config],
    [...spelledOut, '--loss-options', JSON.stringify(lossOptions)],
    ['--config', config, '--recipe', 'article'],
  ].entries()) {
    const output = join(files.folder, `recipe-${index}`);
    const source = ['--train', files.pairs, '--tokenizer', files.tokenizer, '--output', output];
    const size = ['--dimension', '16', '--batch-size', '4', '--backend', 'typescript'];
    const { exitCode, stderr } = await capturedRun(['train', ...source, ...size, ...more]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
    tables.push(readFileSync(join(output, 'final', 'model.safetensors')));
    expect(JSON.parse(readFileSync(join(output, 'run.json'), 'utf8'))).not.toHaveProperty('recipe');
  }
  expect(tables[1]!.equals(tables[0]!)).toBe(true);
  expect(tables[2]!.equals(tables[0]!)).toBe(true);
  expect(tables[3]!.equals(tables[0]!)).toBe(false);
});

test('an unknown recipe is refused, as a flag and in a config', async () => {
  const flag = await capturedRun(['train', '--train', files.pairs, '--recipe', 'fast']);
  expect(flag.exitCode).toBe(2);
  expect(flag.stderr).toContain("argument 'fast' is invalid. Allowed choices are article, best.");
  const config = await files.file('fast.json', JSON.stringify({ recipe: 'fast' }));
  const read = await capturedRun(['train', '--config', config]);
  expect(read.exitCode).toBe(2);
  expect(read.stderr).toContain('`recipe`: expected one of `article`, `best`, received `fast`.');
});
