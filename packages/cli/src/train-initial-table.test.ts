import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddingsToNpy } from '@embedbag/datasets';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { loadTokenizer } from '@embedbag/tokenization';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

function trainArguments(output: string, ...more: readonly string[]): string[] {
  const argv = ['train', '--train', files.pairs, '--output', join(files.folder, output), '--backend', 'typescript'];
  // The first step has the rate 0: the table stays what it began with.
  return [...argv, '--dimension', '16', '--batch-size', '8', '--max-steps', '1', ...more];
}

async function tableOf(output: string, argv: readonly string[]): Promise<Float32Array> {
  const { exitCode, stderr } = await capturedRun(argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  const kernels = createTypeScriptKernels();
  const model = await StaticEmbedding.load(join(files.folder, output, 'final'), { kernels });
  const table = model.table.data.slice();
  model.dispose();
  return table;
}

describe('embedbag train --initial-table', () => {
  it('weighs random rows by the training texts, and says so in the card and in run.json', async () => {
    const start = ['--tokenizer', files.tokenizer];
    const random = await tableOf('random', trainArguments('random', ...start));
    const idf = await tableOf('idf', trainArguments('idf', ...start, '--initial-table', 'idf'));
    const tokenizer = await loadTokenizer(files.tokenizer);
    const factor = (token: string): number => {
      const at = tokenizer.tokenToId(token)! * 16;
      return idf[at]! / random[at]!;
    };
    expect(factor('the')).toBeLessThan(0.8 * factor('[PAD]'));
    expect(await readFile(join(files.folder, 'idf', 'final', 'README.md'), 'utf8')).toContain(
      '- `initialTable`: `{"kind":"idf"}`',
    );
    const run = join(files.folder, 'idf', 'run.json');
    expect(JSON.parse(await readFile(run, 'utf8'))).toMatchObject({ initialTable: { kind: 'idf' } });
    const output = join(files.folder, 'again');
    expect(await tableOf('again', ['train', '--config', run, '--output', output])).toEqual(idf);
  });

  it('takes vectors of a file beside the config', async () => {
    const { vocabularySize } = await loadTokenizer(files.tokenizer);
    const data = Float32Array.from({ length: vocabularySize * 8 }, (_, index) => Math.sin(index * index));
    await writeFile(join(files.folder, 'v.npy'), embeddingsToNpy({ data, rows: vocabularySize, columns: 8 }));
    const initialTable = { kind: 'teacher', vectors: './v.npy', pca: 8, fill: 0 };
    const config = { train: 'pairs.jsonl', tokenizer: 'tokenizer.json', dimension: 16, initialTable };
    const path = await files.file('config.json', JSON.stringify(config));
    const argv = ['train', '--config', path, '--output', join(files.folder, 'vectors'), '--backend', 'typescript'];
    const table = await tableOf('vectors', [...argv, '--max-steps', '1', '--batch-size', '8']);
    expect(table.some((value, index) => index % 16 < 8 && value !== 0)).toBe(true);
    expect(table.every((value, index) => index % 16 < 8 || value === 0)).toBe(true);
  });

  it.each([
    [['--initial-table', 'zeros'], 'Expected the initial table to be one of `random`, `idf`, `teacher`, `model2vec`'],
    [['--initial-table', '{"kind": "teacher"}'], 'Expected `vectors` with the initial table `teacher`, received none.'],
    [['--initial-table', '{"kind"'], 'Give a JSON object in single quotes'],
    [['--initial-table', '{"kind": "teacher", "vectors": "no.npy"}'], 'Expected a file of vectors at `'],
  ])('says what is wrong with %j', async (options, message) => {
    const { exitCode, stderr } = await capturedRun(trainArguments('wrong', '--tokenizer', files.tokenizer, ...options));
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  it('is refused beside a model, and in a config that it is no part of', async () => {
    const { exitCode, stderr } = await capturedRun(
      trainArguments('wrong', '--model', files.model, '--initial-table', 'idf'),
    );
    expect(exitCode).toBe(2);
    expect(stderr).toContain('`--initial-table`: expected it with `--tokenizer`, received it with `--model`.');
    const path = await files.file('wrong.json', JSON.stringify({ train: 'pairs.jsonl', initialTable: { kind: 'x' } }));
    expect((await capturedRun(['train', '--config', path])).stderr).toContain(
      '`initialTable`: expected an object with a `kind` of `random`, `idf`, `teacher`, `model2vec` and its options, received {"kind":"x"}.',
    );
  });
});
