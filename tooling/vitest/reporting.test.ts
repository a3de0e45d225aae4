import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../workspace.mjs';

let folder = '';
let output = '';
let status: number | null = null;
let counts: unknown;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-reporting-'));
  const file = path.join(folder, 'counts.json');
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const config = path.join(root, 'tooling', 'vitest', 'fixtures', 'vitest.config.ts');
  const reporter = path.join(root, 'tooling', 'vitest', 'count-reporter.mjs');
  const args = [vitest, 'run', '--config', config, '--no-color', '--reporter=default', `--reporter=${reporter}`];
  const run = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, EMBEDBAG_TEST_COUNTS: file },
  });
  output = run.stdout + run.stderr;
  status = run.status;
  counts = JSON.parse(readFileSync(file, 'utf8'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('failures in tests, hooks, files and timers are all counted', () => {
  // Failed: two that print, one that fails, one suite hook, one file. Skipped: one skipped, one to come, one behind the hook.
  expect(counts).toEqual({ passed: 3, failed: 5, skipped: 3, unhandledErrors: 1 });
  expect(status).toBe(1);
});

test('a test that prints fails with what it printed', () => {
  expect(output).toContain('Expected a silent test, received output:\nconsole.log(hello)');
  expect(output).toContain('Expected a silent test, received output:\nprocess.stderr.write(hello)');
});
