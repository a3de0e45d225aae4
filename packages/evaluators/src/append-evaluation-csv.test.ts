import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvaluationCsv } from '@embedbag/core';
import { expect, test } from 'vitest';
import { appendEvaluationCsv } from './append-evaluation-csv.js';
import { refusal } from './fixtures/refusal.js';

const csv = (values: readonly number[], more: Partial<EvaluationCsv> = {}): EvaluationCsv => ({
  fileName: 'x_results.csv',
  columns: values.map((_, i) => `m${i}`),
  values,
  lineEnd: '\n',
  ...more,
});

test('begins a file with a header and then only adds rows, numbers as Python writes them', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'embedbag-csv-')), 'deep', 'eval');
  const [path] = await appendEvaluationCsv({ csv: [csv([1, 0.25, 0.00001234, Number.NaN, -0.5])] }, { folder });
  await appendEvaluationCsv({ csv: [csv([0, 1e-7, 0.5, 1, 1])] }, { folder, epoch: 2, steps: 30 });
  expect(path).toBe(join(folder, 'x_results.csv'));
  expect(readFileSync(path!, 'utf8')).toBe(
    'epoch,steps,m0,m1,m2,m3,m4\n-1,-1,1.0,0.25,1.234e-05,nan,-0.5\n2.0,30,0.0,1e-07,0.5,1.0,1.0\n',
  );
});

test('a name with a slash stays in the folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'embedbag-csv-'));
  const paths = await appendEvaluationCsv({ csv: [csv([1], { fileName: '../a/b.csv' })] }, { folder });
  expect(paths).toEqual([join(folder, '.._a_b.csv')]);
});

test('writes nothing for a result without rows, and says which folder cannot be written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'embedbag-csv-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(await appendEvaluationCsv({}, { folder: join(file, 'eval') })).toEqual([]);
  expect(await refusal(() => appendEvaluationCsv({ csv: [csv([1])] }, { folder: join(file, 'eval') }))).toMatch(
    /^folder-unusable: Expected to write CSV files into `.*eval`, received ENOTDIR.*\. Choose a folder that can be written\.$/,
  );
});
