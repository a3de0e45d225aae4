import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRandom } from '@embedbag/core';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KILLED_RUN_STEPS } from './killed-run-fixtures.js';

const KILLS = 20;
const LONGEST_RUN_MS = 250;

let folder: string;
let program: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-killed-'));
  program = path.join(folder, 'run.mjs');
  const entry = fileURLToPath(new URL('killed-run-fixtures.ts', import.meta.url));
  const contents = `import { killedRun } from ${JSON.stringify(entry)}; await killedRun(process.argv[2]); process.exit(0);`;
  await build({
    stdin: { contents, resolveDir: path.dirname(entry) },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@embedbag/source'],
    outfile: program,
    logLevel: 'silent',
  });
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function starting(outputDir: string): { readonly child: ChildProcess; readonly exit: Promise<unknown[]> } {
  const child = spawn(process.execPath, [program, outputDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  child.on('exit', () => children.delete(child));
  return { child, exit: once(child, 'exit') };
}

const tableIn = (outputDir: string): Buffer => readFileSync(path.join(outputDir, 'final', 'model.safetensors'));
const savesUnderWay = (outputDir: string): string[] =>
  readdirSync(outputDir).filter((name) => /^\.checkpoint-\d+\.saving-/.test(name));

/** Waits until a checkpoint is half-written, or the run has ended. */
async function untilSaving(outputDir: string, exit: Promise<unknown[]>): Promise<void> {
  let hasEnded = false;
  void exit.then(() => {
    hasEnded = true;
  });
  while (!hasEnded && savesUnderWay(outputDir).length === 0) await after(0.2);
}

test('killed at twenty random moments, some of them in the middle of a save, it ends with the same bytes', async () => {
  const whole = path.join(folder, 'whole');
  expect(await starting(whole).exit).toEqual([0, null]);
  expect(readdirSync(whole).sort()).toEqual(
    [`checkpoint-${KILLED_RUN_STEPS - 4}`, `checkpoint-${KILLED_RUN_STEPS}`, 'final', 'trainer_log.jsonl'].sort(),
  );

  const random = createRandom(7, 'kills');
  let kills = 0;
  let killsInSaves = 0;
  let runs = 0;
  let outputDir = path.join(folder, 'killed-0');
  const compare = (): void => {
    expect(tableIn(outputDir).equals(tableIn(whole))).toBe(true);
    runs += 1;
    outputDir = path.join(folder, `killed-${runs}`);
  };
  while (kills < KILLS) {
    const { child, exit } = starting(outputDir);
    await Promise.race([once(child.stdout!, 'data'), exit]);
    if (random.below(2) === 0) await Promise.race([after(random.below(LONGEST_RUN_MS)), exit]);
    if (random.below(2) === 0) await untilSaving(outputDir, exit);
    child.kill('SIGKILL');
    const [exitCode] = await exit;
    if (exitCode === 0) {
      compare();
      continue;
    }
    kills += 1;
    killsInSaves += savesUnderWay(outputDir).length > 0 ? 1 : 0;
  }
  if (existsSync(outputDir)) {
    expect(await starting(outputDir).exit).toEqual([0, null]);
    compare();
  }
  expect(runs).toBeGreaterThan(0);
  expect(killsInSaves).toBeGreaterThanOrEqual(4);
}, 180_000);
