import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TrainingEvent } from '@embedbag/core';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { TrainingArgumentsInput } from './training-arguments.js';
import { eventsOf, tableOf, useTinyRuns } from './training-fixtures.js';

const tiny = useTinyRuns();

function run(command: string, ...parts: readonly string[]): void {
  execFileSync(command, parts, { stdio: 'ignore' });
}

/** A folder on a file system of its own, or undefined where this user may mount none. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

const disk = smallDisk();
const remount = (options: string): void => run('mount', '-o', `remount,${options}`, disk ?? '');

afterEach(() => {
  if (disk === undefined) return;
  remount('rw,size=1m');
  for (const name of readdirSync(disk)) rmSync(path.join(disk, name), { recursive: true });
});
afterAll(() => {
  if (disk === undefined) return;
  run('umount', disk);
  rmSync(disk, { recursive: true });
});

const RUN: TrainingArgumentsInput = { maxSteps: 12, saveStrategy: 'steps', saveSteps: 3, loggingSteps: 1 };

/** What a run that fails half-way must leave: a checkpoint that loads, and from which the run ends as if nothing had been. */
async function expectNothingLost(outputDir: string, failure: Promise<unknown>, reason: string): Promise<void> {
  await expect(failure).rejects.toMatchObject({
    code: 'output-not-writable',
    message: expect.stringMatching(
      new RegExp(
        `^Expected \`.*\` to be a folder that can be written, .*${reason}.* The last checkpoint, \`${outputDir}/checkpoint-3\`, is whole: go on from it with \`resumeFromCheckpoint\` \\(\`--resume\`\\)\\.$`,
      ),
    ),
  });
  expect(tiny.events.at(-1)).toMatchObject({ type: 'training-failed', code: 'output-not-writable' });
  expect(readdirSync(outputDir).filter((name) => !name.startsWith('filler'))).toEqual([
    'checkpoint-3',
    'trainer_log.jsonl',
  ]);
  remount('rw,size=20m');
  const loaded = await StaticEmbedding.load(path.join(outputDir, 'checkpoint-3'), { kernels: tiny.kernels });
  loaded.dispose();
  const again = await tiny.run({ arguments: { ...RUN, outputDir }, resumeFromCheckpoint: true });
  const whole = await tiny.run({ arguments: RUN_WITHOUT_SAVING });
  expect(again.summary.resumedFrom).toBe(path.join(outputDir, 'checkpoint-3'));
  expect(tableOf(again.model)).toEqual(tableOf(whole.model));
}

const RUN_WITHOUT_SAVING: TrainingArgumentsInput = { maxSteps: 12 };

test.skipIf(disk === undefined)(
  'a disk that becomes full in the middle of a run is told of and loses nothing',
  async () => {
    const outputDir = path.join(disk!, 'run');
    const onEvent = (event: TrainingEvent): void => {
      if (event.type !== 'checkpoint-saved') return;
      remount('size=200k');
      // All that is left of the disk.
      try {
        writeFileSync(path.join(outputDir, 'filler'), Buffer.alloc(4_000_000));
      } catch {}
    };
    const failure = tiny.run({ onEvent, arguments: { ...RUN, outputDir } });
    await expect(failure).rejects.toThrow('ENOSPC');
    rmSync(path.join(outputDir, 'filler'), { force: true });
    await expectNothingLost(outputDir, failure, 'ENOSPC');
  },
);

test.skipIf(disk === undefined)('a disk that has no room for the first checkpoint is told of', async () => {
  remount('size=32k');
  const failure = tiny.run({ arguments: { ...RUN, outputDir: path.join(disk!, 'run') } });
  await expect(failure).rejects.toThrow(
    /ENOSPC.* Choose another folder, or (free space and permissions there|make room in it)\.$/,
  );
  expect(readdirSync(path.join(disk!, 'run'))).toEqual(['trainer_log.jsonl']);
});

test.skipIf(disk === undefined)('a disk that may not be written any more is told of and loses nothing', async () => {
  const outputDir = path.join(disk!, 'run');
  const onEvent = (event: TrainingEvent): void => {
    if (event.type === 'checkpoint-saved') remount('ro');
  };
  await expectNothingLost(outputDir, tiny.run({ onEvent, arguments: { ...RUN, outputDir } }), 'EROFS');
});

test.skipIf(disk === undefined)('a run is refused before its first step where nothing may be written', async () => {
  remount('ro');
  await expect(tiny.run({ arguments: { ...RUN, outputDir: path.join(disk!, 'run') } })).rejects.toMatchObject({
    code: 'output-not-writable',
    message: expect.stringMatching(/for which the system says: EROFS.* Choose another folder/),
  });
  expect(tiny.events).toEqual([]);
});

test('a file in place of the checkpoint ends the run, with the one before whole', async () => {
  const outputDir = path.join(tiny.folder, 'run');
  const onEvent = (event: TrainingEvent): void => {
    if (event.type === 'checkpoint-saved') writeFileSync(path.join(outputDir, 'checkpoint-6'), 'mine');
  };
  await expect(tiny.run({ onEvent, arguments: { ...RUN, outputDir } })).rejects.toThrow(
    `The last checkpoint, \`${outputDir}/checkpoint-3\`, is whole`,
  );
  expect(readFileSync(path.join(outputDir, 'checkpoint-6'), 'utf8')).toBe('mine');
  expect(eventsOf(tiny.events, 'training-failed')).toHaveLength(1);
});
