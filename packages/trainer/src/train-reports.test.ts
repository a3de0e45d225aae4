import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startLocalWandb } from '@embedbag/tooling/local-wandb';
import { afterEach, expect, test, vi } from 'vitest';
import { readEventFiles } from './loggers/read-event-files.js';
import { wandbLogger } from './loggers/wandb-logger.js';
import { countingEvaluator, eventsOf, useTinyRuns } from './training-fixtures.js';

const tiny = useTinyRuns();
afterEach(() => vi.unstubAllEnvs());

const inFolder = (...parts: string[]): string => path.join(tiny.folder, ...parts);

test('the loggers that `reportTo` names report what the log and the evaluations say', async () => {
  const args = { outputDir: tiny.folder, reportTo: ['tensorboard', 'jsonl'], loggingSteps: 1, runName: 'mine' };
  const { summary } = await tiny.run({ arguments: args, evaluators: [countingEvaluator()] });
  const { scalars, texts } = readEventFiles(inFolder('runs', 'mine'));
  const losses = summary.history.flatMap(({ step, loss }) =>
    loss === undefined ? [] : [[step, Math.fround(Number(loss))]],
  );
  expect(losses).toHaveLength(4);
  expect(scalars['train/loss']).toEqual(losses);
  expect(scalars['eval/counting_calls']).toEqual([[4, 1]]);
  expect(texts['arguments/text_summary']).toContain('| perDeviceTrainBatchSize | 16 |');
  const lines = readFileSync(inFolder('events.jsonl'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(tiny.events.map(({ type }) => type));
});

test('a run goes to Weights & Biases as it goes, and its notices reach who follows it', async () => {
  const server = await startLocalWandb({ apiKey: 'key' });
  const wandb = wandbLogger({ baseUrl: server.url, apiKey: 'key', environment: {} });
  const { summary } = await tiny.run({ callbacks: [wandb], arguments: { reportTo: ['wandb'], loggingSteps: 2 } });
  expect(server.runs[0]!.history.map((line) => line['train/loss'])).toEqual(summary.history.map(({ loss }) => loss));
  expect(server.runs[0]!.exitCode).toBe(0);
  expect(eventsOf(tiny.events, 'notice').map(({ code }) => code)).toEqual(['wandb-run']);
  await server.close();
});

test('a logger that cannot report ends the run before its first step', async () => {
  vi.stubEnv('WANDB_MODE', 'offline');
  const run = tiny.run({ arguments: { reportTo: ['wandb'], outputDir: tiny.folder } });
  await expect(run).rejects.toMatchObject({ code: 'wandb-offline' });
  expect(tiny.events.map(({ type }) => type)).toEqual(['training-start', 'training-failed']);
  expect(existsSync(inFolder('final'))).toBe(false);
});

test('the card lies beside its curve, in the model and in checkpoints, and both are replaced by the next run', async () => {
  const args = { outputDir: tiny.folder, loggingSteps: 1, saveStrategy: 'steps', saveSteps: 2 } as const;
  await tiny.run({ arguments: args, evaluators: [countingEvaluator()] });
  const first = readFileSync(inFolder('final', 'training_curve.svg'), 'utf8');
  for (const step of [2, 4]) rmSync(inFolder(`checkpoint-${step}`), { recursive: true });
  const { model } = await tiny.run({ arguments: { ...args, seed: 43 }, evaluators: [countingEvaluator()] });
  const second = readFileSync(inFolder('final', 'training_curve.svg'), 'utf8');
  expect(first).toMatch(/^<svg .*counting_calls.*<\/svg>\n$/s);
  expect(second).not.toBe(first);
  expect(readdirSync(inFolder('checkpoint-2'))).toContain('training_curve.svg');
  const card = readFileSync(inFolder('final', 'README.md'), 'utf8');
  expect(card).toContain('](training_curve.svg)');
  expect(card).toMatch(/- Time: \d+\.\d s; in steps \d+\.\d s/);
  expect(card).toMatch(/- @embedbag\/trainer \d+\.\d+\.\d+/);
  await model.save(inFolder('final'));
});
