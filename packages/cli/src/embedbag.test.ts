import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CapturedRun, capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

/** A run that must succeed. */
async function run(argv: readonly string[], stdin?: string): Promise<CapturedRun & { readonly text: string }> {
  const result = await capturedRun(argv, stdin);
  expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({ exitCode: 0, stderr: result.stderr });
  return { ...result, text: result.stdout.toString('utf8') };
}

const lastJson = (text: string): Record<string, unknown> => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');

describe('help', () => {
  test('every command teaches by an example and says nothing on stderr', async () => {
    const { text, stderr } = await run(['--help']);
    expect(stderr).toBe('');
    expect(text).toContain('Exit codes');
    for (const name of ['train', 'evaluate', 'encode', 'search', 'tokenize', 'info']) {
      expect(text).toContain(name);
      expect((await run([name, '--help'])).text).toContain('$ ');
    }
  });
});

describe('tokenize', () => {
  test('one JSON string a line becomes one array of ids a line', async () => {
    const { text } = await run(['tokenize', '--tokenizer', files.tokenizer], '"the the"\n""\n"the\\u2028the"\n');
    const lines = text.split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[0] ?? '')).toHaveLength(2);
    expect(lines[1]).toBe('[]');
    expect(lines[2]).toBe(lines[0]);
  });

  test('a raw U+2028 in a string does not end the line', async () => {
    const { text } = await run(['tokenize', '--tokenizer', files.tokenizer], '"the\u2028the"');
    expect(text.split('\n')).toHaveLength(2);
  });

  test('max-tokens cuts each text', async () => {
    const { text } = await run(
      ['tokenize', '--tokenizer', files.tokenizer, '--max-tokens', '1'],
      '"the cat sat"\n"a"\n',
    );
    expect(
      text
        .split('\n')
        .slice(0, 2)
        .map((line) => (JSON.parse(line) as number[]).length),
    ).toEqual([1, 1]);
  });
});

describe('encode', () => {
  const encode = (...more: string[]): string[] => [
    'encode',
    '--model',
    files.model,
    '--backend',
    'typescript',
    ...more,
  ];

  test('jsonl on standard output has one embedding a line, npy and jsonl hold the same numbers', async () => {
    const input = await files.file('texts.txt', 'the cat\nthe dog\n');
    const { text } = await run(encode('--input', input, '--output', '-'));
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as number[]);
    expect(rows.map((row) => row.length)).toEqual([16, 16]);
    const output = join(files.folder, 'out.npy');
    await run(encode('--input', input, '--output', output));
    const npy = await readFile(output);
    expect(npy.subarray(0, 6)).toEqual(Buffer.from('\x93NUMPY', 'latin1'));
    expect(npy.subarray(10, 10 + npy.readUInt16LE(8)).toString('latin1')).toContain("'shape': (2, 16)");
    const values = new Float32Array(new Uint8Array(npy.subarray(10 + npy.readUInt16LE(8))).buffer);
    expect([...values]).toEqual(rows.flat().map(Math.fround));
  });

  test('truncate-dim and normalize give unit vectors of that length', async () => {
    const { text } = await run(
      encode('--input', '-', '--output', '-', '--truncate-dim', '4', '--normalize'),
      '"the cat"\n',
    );
    const row = JSON.parse(text) as number[];
    expect(row).toHaveLength(4);
    expect(row.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  });

  test('binary codes are one byte for eight dims', async () => {
    const { text } = await run(encode('--input', '-', '--output', '-', '--precision', 'ubinary'), '"the cat"\n');
    expect(JSON.parse(text)).toHaveLength(2);
  });

  test('arrow output begins with the magic of an IPC file', async () => {
    const output = join(files.folder, 'out.arrow');
    await run(encode('--input', files.pairs, '--text-column', 'positive', '--output', output));
    expect((await readFile(output)).subarray(0, 6).toString()).toBe('ARROW1');
  });
});

describe('search', () => {
  test('finds the document that holds the words of the query', async () => {
    const documents = await files.file('documents.txt', 'the cat sat on the mat\nboil water for the tea\n');
    const argv = ['search', '--model', files.model, '--documents', documents, '--top', '1', '--json'];
    const { text } = await run([...argv, '--query', 'boil tea', 'the cat sat']);
    const hits = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { hits: { document: number }[] });
    expect(hits.map(({ hits: [first] }) => first?.document)).toEqual([1, 0]);
    const typed = await run(argv, 'boil tea\n\nnever read\n');
    expect(typed.text.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('evaluate', () => {
  test('a folder of BEIR folders is evaluated at every dim', async () => {
    const argv = ['evaluate', '--model', files.model, '--retrieval', files.folder, '--dims', '16,4'];
    const { text } = await run([...argv, '--json']);
    const { results } = lastJson(text) as {
      results: Record<string, { byDim: Record<string, Record<string, number>> }>;
    };
    const byDim = Object.values(results)[0]?.byDim;
    expect(Object.keys(byDim ?? {})).toEqual(['4', '16']);
    expect((await run(argv)).text).toContain('ndcg@10');
  });
});

describe('train', () => {
  test('trains, saves a loadable model, prints its summary and goes on with it', async () => {
    const output = join(files.folder, 'trained');
    const argv = ['train', '--train', files.pairs, '--dimension', '16', '--batch-size', '4', '--epochs', '2', '--json'];
    const { text } = await run([
      ...argv,
      '--tokenizer',
      files.tokenizer,
      '--output',
      output,
      '--eval',
      files.retrieval,
    ]);
    const summary = lastJson(text);
    expect(summary).toMatchObject({ outcome: 'completed', steps: 4, step: 4 });
    const model = String(summary.model);
    expect((await run(['info', '--model', model, '--json'])).text).toContain('"dimension":16');
    const again = await run([...argv, '--model', model, '--output', join(files.folder, 'trained-again')]);
    expect(lastJson(again.text)).toMatchObject({ outcome: 'completed' });
  });

  test('reads compressed files, Parquet, Arrow, and patterns of them', async () => {
    const folder = join(files.folder, 'formats');
    await files.file('formats/pairs.jsonl.gz', gzipSync(await readFile(files.pairs)));
    for (const name of ['pyarrow-zstd.parquet', 'pyarrow-lz4.feather']) {
      const source = new URL(`../../datasets/src/fixtures/formats/${name}`, import.meta.url);
      await files.file(`formats/${name}`, await readFile(source));
    }
    const argv = ['train', '--tokenizer', files.tokenizer, '--dimension', '16', '--batch-size', '8', '--json'];
    const columns = ['--columns', 'anchor=anchor,positive=positive', '--output', join(files.folder, 'formats-out')];
    // Of eight rows in each of the two files one has the anchor of another, and no batch follows that could take it.
    for (const [source, pairs] of [
      [folder, 22],
      [join(folder, 'pyarrow-*'), 14],
    ] as const) {
      const { text } = await run([...argv, ...columns, '--train', source, '--epochs', '1']);
      expect(lastJson(text)).toMatchObject({ outcome: 'completed', pairs });
    }
  });
});

test('the version is that of the package', async () => {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect((await run(['--version'])).text).toBe(`${manifest.version}\n`);
});
