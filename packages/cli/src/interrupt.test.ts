import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';
import { embedbag } from './embedbag.js';
import { runProgram } from './run-program.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

test('Ctrl-C in the middle of training leaves a loadable model, says where, and exits with 130', async () => {
  const output = join(files.folder, 'interrupted');
  const stderr = new PassThrough();
  let said = '';
  let isSent = false;
  stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
    if (isSent || !/loss/.test(said)) return;
    isSent = true;
    // A terminal and npm may both pass one Ctrl-C on.
    process.emit('SIGINT');
    process.emit('SIGINT');
  });
  const argv = ['train', '--train', files.pairs, '--tokenizer', files.tokenizer, '--output', output];
  argv.push('--dimension', '16', '--batch-size', '4', '--epochs', '200', '--backend', 'typescript');
  const stdout = new PassThrough().resume();
  const exitCode = await runProgram((context) => embedbag(argv, context), { stdin: Readable.from([]), stdout, stderr });
  expect(exitCode).toBe(130);
  expect(said).toMatch(/Stopped after step \d+ of 400/);
  expect(said).toContain(join(output, 'final'));
  const info = await capturedRun(['info', '--model', join(output, 'final'), '--json']);
  expect(info.exitCode).toBe(0);
  expect(process.listenerCount('SIGINT')).toBe(0);
});

test('Ctrl-C while encoding leaves no file behind', async () => {
  const output = join(files.folder, 'half.npy');
  const argv = ['encode', '--model', files.model, '--input', '-', '--output', output, '--backend', 'typescript'];
  async function* endless(): AsyncGenerator<Buffer> {
    for (let row = 0; ; row++) {
      if (row === 3) process.emit('SIGINT');
      yield Buffer.from('"the cat"\n'.repeat(5000));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const streams = {
    stdin: Readable.from(endless()),
    stdout: new PassThrough().resume(),
    stderr: new PassThrough().resume(),
  };
  expect(await runProgram((context) => embedbag(argv, context), streams)).toBe(130);
  expect([output, `${output}.partial`].filter((path) => existsSync(path))).toEqual([]);
});
