import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { ARGUMENT_RULES, resolveTrainingArguments } from '@embedbag/trainer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CapturedRun, capturedRun } from './captured-run.js';
import { embedbag } from './embedbag.js';
import { runProgram } from './run-program.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';
import { argumentFlag } from './training-argument-options.js';

let files: TinyFiles;
let count = 0;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

const FLAGS = ['--dimension', '16', '--batch-size', '4', '--epochs', '20', '--weight-decay', '0.01', '--seed', '3'];

/** The same settings as {@link FLAGS}, in a config beside the files. */
const CONFIG = {
  train: 'pairs.jsonl',
  tokenizer: 'tokenizer.json',
  dimension: 16,
  backend: 'typescript',
  arguments: { perDeviceTrainBatchSize: 4, numTrainEpochs: 20, weightDecay: 0.01, seed: 3 },
};

const newOutput = (): string => join(files.folder, `output-${count++}`);

function trainFlags(output: string, ...more: string[]): string[] {
  const source = ['--train', files.pairs, '--tokenizer', files.tokenizer, '--output', output];
  return ['train', ...source, ...FLAGS, '--backend', 'typescript', ...more];
}

const tableIn = (output: string): Buffer => readFileSync(join(output, 'final', 'model.safetensors'));

async function ended(run: Promise<CapturedRun>): Promise<CapturedRun> {
  const result = await run;
  expect(result).toMatchObject({ exitCode: 0 });
  return result;
}

let byFlags: string;
beforeAll(async () => {
  byFlags = newOutput();
  await ended(capturedRun(trainFlags(byFlags)));
});

test('the help shows every training argument with its default', async () => {
  const { stdout, exitCode } = await capturedRun(['train', '--help']);
  expect(exitCode).toBe(0);
  const help = stdout.toString('utf8').replaceAll(/\s+/g, ' ');
  const defaults: Readonly<Record<string, unknown>> = { ...resolveTrainingArguments() };
  for (const [name, rule] of Object.entries(ARGUMENT_RULES)) {
    const shown = rule.otherwise ?? String(defaults[name]);
    expect(help, name).toContain(argumentFlag(name));
    expect(help, name).toContain(`${rule.description} (default: ${shown})`);
  }
});

describe('a config', () => {
  const asModule = (text: string): string => text.replace('CONFIG', JSON.stringify(CONFIG));
  const forms: readonly (readonly [string, string])[] = [
    ['run.json', JSON.stringify(CONFIG)],
    ['run.mjs', asModule('/** @type {import("@embedbag/cli").TrainConfig} */\nexport const config = CONFIG;\n')],
    ['run.js', asModule('export default CONFIG;\n')],
    ['run.cjs', asModule('module.exports = CONFIG;\n')],
    [
      'run.ts',
      asModule(
        "import { defineConfig, type TrainConfig } from '@embedbag/cli';\ninterface Unused { readonly x: number }\nexport const config: TrainConfig = defineConfig(CONFIG as TrainConfig);\n",
      ),
    ],
    ['run.mts', asModule("import { defineConfig } from '@embedbag/cli';\nexport default defineConfig(CONFIG);\n")],
  ];

  test.each(forms)('as %s is the run of the same flags', async (name, text) => {
    if (name.endsWith('.js')) await files.file('package.json', '{"type":"module"}');
    const path = await files.file(name, text);
    const output = newOutput();
    await ended(capturedRun(['train', '--config', path, '--output', output]));
    expect(tableIn(output).equals(tableIn(byFlags))).toBe(true);
  });

  test('is replaced by flags, one by one', async () => {
    const path = await files.file(
      'other.json',
      JSON.stringify({ ...CONFIG, arguments: { ...CONFIG.arguments, seed: 8, maxSteps: 3 } }),
    );
    const output = newOutput();
    await ended(capturedRun(['train', '--config', path, '--output', output, '--seed', '3', '--max-steps', '40']));
    const whole = newOutput();
    await ended(capturedRun(trainFlags(whole, '--max-steps', '40')));
    expect(tableIn(output).equals(tableIn(whole))).toBe(true);
  });

  test('with mistakes is refused with all of them', async () => {
    const path = await files.file(
      'wrong.json',
      JSON.stringify({ ...CONFIG, dimension: 'wide', learningRate: 1, threads: 0 }),
    );
    const { exitCode, stderr } = await capturedRun(['train', '--config', path, '--output', newOutput()]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`Expected settings of a run that can begin from ${path}, received 3 mistakes:`);
    expect(stderr).toContain('- `dimension`: expected a whole number of at least 1, received `wide`.');
    expect(stderr).toContain('- `learningRate`: no such setting. There are `train`, `columns`,');
    expect(stderr).toContain('- `threads`: expected a whole number of at least 1, received 0.');
    const other = await files.file(
      'wrong-arguments.json',
      JSON.stringify({ ...CONFIG, arguments: { learningRate: 'high', epochs: 3 } }),
    );
    const told = await capturedRun(['train', '--config', other, '--output', newOutput(), '--warmup-ratio', '2']);
    expect(told.stderr).toContain('- `epochs`: no such argument.');
    expect(told.stderr).toContain('- `learningRate`: expected a finite number above 0, received `high`.');
    expect(told.stderr).toContain('- `--warmup-ratio`: expected a number from 0 to 1, received 2.');
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['half.json', '{"train": ', /^error: Expected .*half\.json to be JSON, received: .* Correct it there\.\n$/],
    [
      'throws.ts',
      'throw new TypeError("no");',
      /^error: Expected .*throws\.ts to be a module with a config, received TypeError: no/,
    ],
    [
      'empty.ts',
      'export const other = 1;',
      /^error: Expected .*empty\.ts to export a `config`, received the exports other\./,
    ],
    ['syntax.ts', 'export const config: = 1;', /^error: Expected .*syntax\.ts to be a module with a config, received/],
    ['list.json', '[]', /a mistake in the config: expected an object, received \[\]\.\n$/],
  ];

  test.each(broken)('in a broken file, %s, is refused in one sentence', async (name, text, told) => {
    const { exitCode, stderr } = await capturedRun(['train', '--config', await files.file(name, text)]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(told);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('that is not there is refused', async () => {
    const { exitCode, stderr } = await capturedRun(['train', '--config', join(files.folder, 'nowhere.ts')]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^error: Expected a file that can be read at .*nowhere\.ts for `--config`, received ENOENT\. Check the path\.\n$/,
    );
  });
});

describe('the run.json of a run', () => {
  test('has all its settings with whole paths, and runs it again to the byte', async () => {
    const config = JSON.parse(readFileSync(join(byFlags, 'run.json'), 'utf8'));
    expect(config).toEqual({
      train: [files.pairs],
      tokenizer: files.tokenizer,
      dimension: 16,
      loss: 'multiple-negatives-ranking',
      backend: 'typescript',
      threads: 1,
      arguments: {
        ...resolveTrainingArguments({ ...CONFIG.arguments, outputDir: byFlags }),
      },
    });
    const output = newOutput();
    await ended(capturedRun(['train', '--config', join(byFlags, 'run.json'), '--output', output]));
    expect(tableIn(output).equals(tableIn(byFlags))).toBe(true);
    expect(JSON.parse(readFileSync(join(output, 'run.json'), 'utf8')).arguments.outputDir).toBe(output);
  });

  test('keeps the folder of a guide, and the kernels it was made on', async () => {
    const output = newOutput();
    const guide = ['--loss', 'gist', '--loss-options', JSON.stringify({ guide: files.model })];
    await ended(capturedRun([...trainFlags(output, ...guide), '--backend', 'auto', '--threads', '1']));
    const config = JSON.parse(readFileSync(join(output, 'run.json'), 'utf8'));
    expect(config).toMatchObject({
      loss: 'gist',
      lossOptions: { guide: files.model, guideName: files.model },
      threads: 1,
    });
    expect(config.backend).toMatch(/^wasm-/);
    const again = newOutput();
    await ended(capturedRun(['train', '--config', join(output, 'run.json'), '--output', again]));
    expect(tableIn(again).equals(tableIn(output))).toBe(true);
  });
});

describe('--resume', () => {
  /** Sends Ctrl-C once the run says that it has saved something. */
  async function interrupted(argv: readonly string[]): Promise<number> {
    const stderr = new PassThrough();
    let isSent = false;
    stderr.on('data', (chunk: Buffer) => {
      if (isSent || !chunk.toString('utf8').includes('saved')) return;
      isSent = true;
      process.emit('SIGINT');
    });
    const stdout = new PassThrough().resume();
    return runProgram((context) => embedbag(argv, context), { stdin: Readable.from([]), stdout, stderr });
  }

  test('goes on after Ctrl-C with the bytes of a run that was never stopped', async () => {
    const output = newOutput();
    const long = ['--epochs', '300', '--save-steps', '7', '--save-total-limit', '2'];
    const whole = newOutput();
    await ended(capturedRun(trainFlags(whole, ...long)));
    expect(await interrupted(trainFlags(output, ...long))).toBe(130);
    expect(readdirSync(output).filter((name) => name.startsWith('checkpoint')).length).toBeGreaterThan(0);
    const refused = await capturedRun(trainFlags(output, ...long));
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/Expected `outputDir` without checkpoints of another run, .* \(`--resume`\)/);
    await ended(capturedRun(['train', '--config', join(output, 'run.json'), '--resume']));
    expect(tableIn(output).equals(tableIn(whole))).toBe(true);
  });

  test('with other settings is refused with the difference', async () => {
    const output = newOutput();
    await ended(capturedRun(trainFlags(output, '--save-steps', '30')));
    const [newest] = readdirSync(output).filter((name) => name.startsWith('checkpoint'));
    const checkpoint = join(output, newest!);
    const { exitCode, stderr } = await capturedRun(
      trainFlags(output, '--learning-rate', '0.3', '--resume', checkpoint),
    );
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `error: Expected the run that saved \`${checkpoint}\`, received one that differs: \`learningRate\` is 0.3 and was 0.2.`,
    );
  });
});

function run(command: string, ...parts: readonly string[]): void {
  execFileSync(command, parts, { stdio: 'ignore' });
}

/** A folder on a file system of its own, or undefined where this user may mount none. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'embedbag-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=220k', 'tmpfs', folder);
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

const disk = smallDisk();
afterAll(() => {
  if (disk === undefined) return;
  run('umount', disk);
  rmSync(disk, { recursive: true });
});

test.skipIf(disk === undefined)(
  'a full disk ends the run with a sentence and exit code 2, and loses nothing',
  async () => {
    const output = join(disk!, 'run');
    mkdirSync(output);
    const argv = trainFlags(output, '--epochs', '300', '--save-steps', '10');
    const { exitCode, stderr } = await capturedRun(argv);
    expect(exitCode).toBe(2);
    const told =
      /ENOSPC.* The last checkpoint, `(.*)`, is whole: go on from it with `resumeFromCheckpoint` \(`--resume`\)\.\n$/.exec(
        stderr,
      );
    expect(stderr).toMatch(/ENOSPC/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(told![1]!)).toBe(true);
    const whole = newOutput();
    await ended(capturedRun(trainFlags(whole, '--epochs', '300', '--save-steps', '10')));
    run('mount', '-o', 'remount,size=20m', disk!);
    const again = await ended(capturedRun([...argv, '--resume']));
    expect(again.stderr).toContain(basename(output));
    expect(tableIn(output).equals(tableIn(whole))).toBe(true);
  },
);
