import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { capturedRun } from './captured-run.js';
import { importTensorFlowPackage } from './tensorflow-backend.js';
import { tinyFiles } from './tiny-files.js';

const files = await tinyFiles();
afterAll(() => files.dispose());

test('--backend tensorflow-cpu trains on TensorFlow.js and says which it got', async () => {
  const settings = ['--dimension', '32', '--batch-size', '4', '--max-steps', '2'];
  const paths = ['--train', files.pairs, '--tokenizer', files.tokenizer, '--output', join(files.folder, 'trained')];
  const run = await capturedRun(['train', ...paths, ...settings, '--backend', 'tensorflow-cpu']);
  expect(run.stderr).toContain('TensorFlow.js 4.22.0: tensorflow-cpu, from @tensorflow/tfjs\n');
  expect(run.exitCode).toBe(0);
});

test('--backend tensorflow says why the better backends were passed over', async () => {
  const { exitCode, stderr, stdout } = await capturedRun(['info', '--backend', 'tensorflow', '--json']);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(
    /^TensorFlow\.js 4\.22\.0: tensorflow-[a-z-]+, from @tensorflow\/[a-z-]+\n( {2}not [a-z-]+: .+\n)*$/,
  );
  expect(JSON.parse(stdout.toString()).backend).toMatch(/^tensorflow-/);
});

test('without the package one sentence says what to install', async () => {
  const missing = Object.assign(new Error("Cannot find package '@embedbag/tensorflow'"), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
  await expect(importTensorFlowPackage(() => Promise.reject(missing))).rejects.toThrow(
    'Expected the package `@embedbag/tensorflow` for a TensorFlow.js backend, received none. Run `npm install @embedbag/tensorflow @tensorflow/tfjs-node`, or leave `--backend` out.',
  );
  const other = new Error('a defect of the package');
  await expect(importTensorFlowPackage(() => Promise.reject(other))).rejects.toBe(other);
});
