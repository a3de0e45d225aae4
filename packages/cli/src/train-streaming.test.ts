import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  const output = join(files.folder, name);
  const { exitCode, stderr } = await capturedRun([
    ...['train', '--train', files.pairs, '--model', files.model, '--batch-size', '4', '--backend', 'typescript'],
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
