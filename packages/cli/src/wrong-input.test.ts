import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

/** One sentence on stderr, nothing on stdout, exit code 2, no stack trace. */
async function refusal(argv: readonly string[], stdin?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await capturedRun(argv, stdin);
  expect(stdout.toString('utf8')).toBe('');
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(/error: .+\n/) });
  return stderr;
}

const train = (path: string, ...more: string[]): string[] => [
  'train',
  '--train',
  path,
  '--tokenizer',
  files.tokenizer,
  '--output',
  join(files.folder, 'output'),
  '--dimension',
  '16',
  '--backend',
  'typescript',
  ...more,
];

test('a missing column is named with the columns that are there', async () => {
  const path = await files.file('columns.jsonl', '{"question":"a","answer":"b"}\n');
  const message = await refusal(train(path));
  expect(message).toContain('`anchor`');
  expect(message).toContain('`question`');
  expect(message).toContain('`answer`');
});

test('a mapping makes the same file usable', async () => {
  const path = await files.file(
    'mapped.jsonl',
    '{"question":"the cat","answer":"a dog"}\n{"question":"tea","answer":"water"}\n',
  );
  const { exitCode } = await capturedRun(train(path, '--columns', 'anchor=question,positive=answer'));
  expect(exitCode).toBe(0);
});

test('columns that look swapped, or like ids, are told of and read all the same', async () => {
  const path = await files.file(
    'swapped.jsonl',
    '{"answer":"the cat","question_id":"a dog"}\n{"answer":"tea","question_id":"water"}\n',
  );
  const { exitCode, stderr } = await capturedRun(train(path, '--columns', 'anchor=answer,positive=question_id'));
  expect(exitCode).toBe(0);
  expect(stderr).toContain(
    `note: The column \`question_id\` of ${path}, read as \`positive\`, has the name of a column of ids. Choose the column that holds the texts unless it does.\n`,
  );
});

test('a ragged negatives column is refused with the line', async () => {
  const path = await files.file(
    'ragged.jsonl',
    '{"anchor":"a","positive":"b","negative":"c"}\n{"anchor":"d","positive":"e"}\n',
  );
  const message = await refusal(train(path));
  expect(message).toContain('`negative`');
  expect(message).toContain('line 2');
});

test('broken JSON is refused with the line', async () => {
  const path = await files.file('broken.jsonl', '{"anchor":"a","positive":"b"}\n{"anchor":"a","posi\n');
  expect(await refusal(train(path))).toContain('line 2');
});

test('an empty folder is refused', async () => {
  const folder = join(files.folder, 'empty');
  await mkdir(folder);
  expect(await refusal(train(folder))).toContain(folder);
});

test('an empty file is refused', async () => {
  expect(await refusal(train(await files.file('empty.jsonl', '')))).toContain('empty.jsonl');
});

test('a missing file is refused', async () => {
  expect(await refusal(train(join(files.folder, 'nowhere.jsonl')))).toContain('nowhere.jsonl');
});

test('a model folder without weights is refused', async () => {
  const folder = join(files.folder, 'no-weights');
  await cp(files.model, folder, { recursive: true });
  await rm(join(folder, 'model.safetensors'));
  const message = await refusal(['evaluate', '--model', folder, '--retrieval', files.retrieval]);
  expect(message).toContain('model.safetensors');
});

test('a truncated safetensors file is refused with both sizes', async () => {
  const folder = join(files.folder, 'truncated');
  await cp(files.model, folder, { recursive: true });
  const path = join(folder, 'model.safetensors');
  const size = (await readFile(path)).length;
  await truncate(path, size - 100);
  const message = await refusal(['search', '--model', folder, '--documents', files.pairs, '--query', 'cat']);
  expect(message).toContain('model.safetensors');
  expect(message).toContain(String(size - 100));
});

test('dims larger than the model are refused with both numbers', async () => {
  const message = await refusal([
    'evaluate',
    '--model',
    files.model,
    '--retrieval',
    files.retrieval,
    '--dims',
    '16,64',
  ]);
  expect(message).toContain('64');
  expect(message).toContain('16');
});

test('a tokenizer of another size than the table is refused with both numbers', async () => {
  const folder = join(files.folder, 'other-tokenizer');
  await cp(files.model, folder, { recursive: true });
  const tokenizer = JSON.parse(await readFile(files.tokenizer, 'utf8')) as { model: { vocab: Record<string, number> } };
  const size = Object.keys(tokenizer.model.vocab).length;
  for (let extra = 0; extra < 7; extra++) tokenizer.model.vocab[`##extra${extra}`] = size + extra;
  await files.file('other-tokenizer/tokenizer.json', JSON.stringify(tokenizer));
  const message = await refusal(['info', '--model', folder]);
  expect(message).toContain(String(size));
  expect(message).toContain(String(size + 7));
});

test('an output folder that cannot be written is refused before training starts', async () => {
  const parent = await files.file('a-file', 'not a folder');
  const message = await refusal([...train(files.pairs), '--output', join(parent, 'below')]);
  expect(message).toContain('a-file');
  expect(message).not.toContain('step');
});

test('an output file that cannot be written is refused and nothing is left', async () => {
  const output = join(files.folder, 'no-such-folder', 'embeddings.npy');
  await refusal(['encode', '--model', files.model, '--input', files.pairs, '--output', output]);
  expect(existsSync(join(files.folder, 'no-such-folder'))).toBe(false);
});

test('an unknown command, an unknown option and a wrong number are refused', async () => {
  expect(await refusal(['trian'])).toContain('trian');
  expect(await refusal(['info', '--modle', 'x'])).toContain('--modle');
  expect(await refusal(train(files.pairs, '--batch-size', 'many'))).toContain('batch-size');
  expect(await refusal(train(files.pairs, '--columns', 'anchor'))).toContain('role=column');
  expect(await refusal(train(files.pairs, '--columns', 'anchor=a,positive=a'))).toContain('another column');
});

test('a line that is no JSON string is refused by tokenize', async () => {
  expect(await refusal(['tokenize', '--tokenizer', files.tokenizer], '"ok"\n[1\n')).toContain('line 2');
});

test('a training option out of range names all that is wrong', async () => {
  const message = await refusal(
    train(files.pairs, '--warmup-ratio', '3', '--epochs', 'many', '--lr-scheduler-type', 'cos', '--bf16', 'perhaps'),
  );
  expect(message).toBe(
    [
      'error: Expected settings of a run that can begin, received 4 mistakes:',
      '- `--epochs`: expected a finite number above 0, received `many`.',
      '- `--lr-scheduler-type`: expected `linear`, `cosine`, `constant`, `constant_with_warmup` or `warmup_stable_decay`, received `cos`.',
      '- `--warmup-ratio`: expected a number from 0 to 1, received 3.',
      '- `--bf16`: expected true or false, received `perhaps`.',
      '',
    ].join('\n'),
  );
});

test('what a run cannot begin without is asked for all at once', async () => {
  const message = await refusal(['train', '--seed', '-1']);
  expect(message).toBe(
    [
      'error: Expected settings of a run that can begin, received 4 mistakes:',
      '- `--train`: expected files of rows, received none. Name some.',
      '- `--output`: expected a folder for the model, received none. Name one.',
      '- `--tokenizer` or `--model`: expected one of them, received neither. Give a tokenizer.json to begin with a random table, or a model folder to go on with it.',
      '- `--seed`: expected a whole number of at least 0, received -1.',
      '',
    ].join('\n'),
  );
});

test('Matryoshka dims larger than the model are refused before anything is made', async () => {
  const output = join(files.folder, 'too-wide');
  const message = await refusal([...train(files.pairs, '--matryoshka-dims', '64'), '--output', output]);
  expect(message).toContain("at most the model's 16 dimensions, received 64");
  expect(existsSync(output)).toBe(false);
});

test.each(['jsonl', 'npy'])('a folder in the place of an output file is refused as %s', async (format) => {
  const output = join(files.folder, `folder-as-${format}`);
  await mkdir(output);
  const argv = ['encode', '--model', files.model, '--input', files.pairs, '--text-column', 'anchor'];
  expect(await refusal([...argv, '--format', format, '--output', output])).toContain('the path of a folder');
  expect(existsSync(`${output}.partial`)).toBe(false);
});

test('a column of lists called negatives is read, and refused with the line where it holds something else', async () => {
  const lists =
    '{"anchor":"a","positive":"b","negatives":["c","d"]}\n{"anchor":"e","positive":"f","negatives":["g"]}\n';
  const path = await files.file('negatives.jsonl', lists);
  expect((await capturedRun(train(path))).exitCode).toBe(0);
  const wrong = await files.file('wrong-negatives.jsonl', `${lists}{"anchor":"a","positive":"b","negatives":[1]}\n`);
  expect(await refusal(train(wrong))).toContain('line 3');
});

test('no epochs at all are refused', async () => {
  expect(await refusal(train(files.pairs, '--epochs', '0'))).toContain('above 0');
});
