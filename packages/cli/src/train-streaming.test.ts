import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

/** The table after a run, or the sentence of one that is refused. */
async function trained(name: string, ...more: string[]): Promise<Buffer | string> {
  return trainedOn(files.pairs, name, ...more);
}

async function trainedOn(data: string, name: string, ...more: string[]): Promise<Buffer | string> {
  const output = join(files.folder, name);
  const { exitCode, stderr } = await capturedRun([
    ...['train', '--train', data, '--model', files.model, '--batch-size', '4', '--backend', 'typescript'],
    ...['--output', output, ...more],
  ]);
  if (exitCode !== 0) return stderr;
  return readFile(join(output, 'final', 'model.safetensors'));
}

test('--streaming trains the table that texts in memory train, also with an index that is kept', async () => {
  const index = join(files.folder, 'index');
  const expected = await trained('memory');
  expect(await trained('streamed', '--streaming')).toEqual(expected);
  expect(await trained('indexed', '--streaming', index)).toEqual(expected);
  expect(await readdir(join(index, 'pairs'))).toContain('index.json');
  expect(await trained('indexed-again', '--streaming', index)).toEqual(expected);
  await writeFile(files.pairs, `${await readFile(files.pairs, 'utf8')}{"anchor":"one","positive":"more"}\n`);
  expect(await trained('outdated', '--streaming', index)).toMatch(
    /error: Expected the file pairs\.jsonl of \d+ bytes, changed at .*, of which .* is the index, received pairs\.jsonl of .*\. Delete the folder to have it made again, or name another\.\n$/,
  );
});

/** The same rows as files of other programs, which lie beside the readers. */
const FORMATS = fileURLToPath(new URL('../../datasets/src/fixtures/formats/', import.meta.url));

test('a CSV, a Parquet, an Arrow and a jsonl file of the same rows train the same table, in memory and streamed', async () => {
  const rows: readonly object[] = JSON.parse(await readFile(join(FORMATS, 'rows.json'), 'utf8'));
  const field = (value: unknown): string =>
    `"${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('"', '""')}"`;
  const header = Object.keys(rows[0] ?? {}).join(',');
  const sources = [
    await files.file('rows.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
    await files.file('rows.csv', [header, ...rows.map((row) => Object.values(row).map(field).join(','))].join('\n')),
    join(FORMATS, 'pyarrow-index.parquet'),
    join(FORMATS, 'duckdb.parquet'),
    join(FORMATS, 'pyarrow-zstd.feather'),
    join(FORMATS, 'polars-view.arrow'),
  ];
  const expected = await trainedOn(sources[0] ?? '', 'rows-0');
  expect(expected).toBeInstanceOf(Buffer);
  for (const [index, source] of sources.entries()) {
    expect(await trainedOn(source, `rows-${index}-memory`)).toEqual(expected);
    expect(await trainedOn(source, `rows-${index}-streamed`, '--streaming')).toEqual(expected);
  }
});
