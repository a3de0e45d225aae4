import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type LocalWandb, startLocalWandb } from '@embedbag/tooling/local-wandb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { controlInto, logEvent, RUN, report, startEvent } from './logger-fixtures.js';
import { wandbClientPath } from './wandb-client-path.js';
import { wandbLogger } from './wandb-logger.js';
import type { WandbLoggerOptions } from './wandb-settings.js';

let server: LocalWandb;
beforeEach(async () => {
  server = await startLocalWandb({ apiKey: 'the-key' });
});
afterEach(() => server.close());

const logger = (options: WandbLoggerOptions = {}) =>
  wandbLogger({ baseUrl: server.url, apiKey: 'the-key', retryDelayMs: 1, environment: {}, ...options });

describe('a run in Weights & Biases', () => {
  test('has the figures of every step on one line, the arguments, the name, and its end', async () => {
    const notices = await report(logger({ project: 'search' }), startEvent({ runName: 'first' }));
    const run = server.runs[0]!;
    expect(run).toMatchObject({ entity: 'someone', project: 'search', displayName: 'first', exitCode: 0 });
    expect(run.config).toMatchObject({ learningRate: 0.2, backend: 'typescript', setup: { model: { dimension: 8 } } });
    expect(run.history.map(({ _step }) => _step)).toEqual([0, 10, 20, 30]);
    expect(run.history[2]).toMatchObject({
      'train/loss': 0.5,
      'train/grad_norm': 1 / 3,
      'train/learning_rate': 0.2 - 20 / 1000,
      'train/global_step': 20,
      'eval/tiny_cosine_ndcg@10': 0.1,
    });
    expect(run.summary).toMatchObject({
      'train/loss': 10 / 30,
      'eval/tiny_cosine_ndcg@10': 0.7,
      'train/train_runtime': 2,
    });
    expect(notices).toEqual([
      { code: 'wandb-run', message: `Weights & Biases has this run at ${server.url}/someone/search/runs/${run.id}` },
    ]);
  });

  test('that failed ends with exit code 1', async () => {
    await report(logger(), startEvent(), [
      logEvent(10),
      { type: 'training-failed', step: 12, code: 'non-finite-loss', message: 'Expected a finite loss.' },
    ]);
    expect(server.runs[0]).toMatchObject({ project: 'embedbag', exitCode: 1 });
  });

  test('goes where the environment says, with the key of .netrc', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'embedbag-home-'));
    const netrc = 'machine other.host login me password wrong\nmachine 127.0.0.1\n  login user\n  password the-key\n';
    writeFileSync(path.join(home, '.netrc'), netrc);
    const environment = { WANDB_BASE_URL: `${server.url}/`, WANDB_PROJECT: 'ours', WANDB_ENTITY: 'team', HOME: home };
    await report(wandbLogger({ environment }), startEvent());
    expect(server.runs[0]).toMatchObject({ entity: 'team', project: 'ours' });
    rmSync(home, { recursive: true });
  });

  test('leaves the process its own handling of Ctrl-C', async () => {
    const before = process.listeners('SIGINT');
    await report(logger(), startEvent());
    expect(process.listeners('SIGINT')).toEqual(before);
  });

  test('gets figures once more that the server did not take', async () => {
    const answers = [503, 429];
    server.refuse((_, body) => (body.includes('wandb-history') ? answers.shift() : undefined));
    const notices = await report(logger(), startEvent());
    expect(server.runs[0]!.history).toHaveLength(4);
    expect(notices.map(({ code }) => code)).toEqual(['wandb-run']);
  });

  test('goes on without figures that the server refuses, and says so', async () => {
    server.refuse((_, body) => (body.includes('wandb-history') ? 400 : undefined));
    const notices = await report(logger(), startEvent());
    expect(notices[1]).toEqual({
      code: 'wandb-trouble',
      message:
        'Weights & Biases may lack figures of this run; its client said: the server did not take figures, status 400.',
    });
  });

  test('goes on without a server that is gone, and says so', async () => {
    const notices: { code: string; message: string }[] = [];
    const lost = logger();
    const control = controlInto(notices);
    lost.onEvent(startEvent(), control);
    await lost.betweenSteps?.();
    await server.close();
    for (const event of RUN) lost.onEvent(event, control);
    await lost.close?.();
    expect(notices.map(({ code }) => code)).toEqual(['wandb-run', 'wandb-trouble']);
    expect(notices[1]!.message).toContain('ECONNREFUSED');
  });
});

describe('what keeps a run from being reported is told before its first step:', () => {
  test('no key', async () => {
    const environment = { HOME: '/nowhere' };
    await expect(report(wandbLogger({ environment }), startEvent())).rejects.toMatchObject({
      code: 'wandb-key-missing',
      message:
        'Expected a key for Weights & Biases at https://api.wandb.ai, received none. Copy it from https://wandb.ai/authorize and set WANDB_API_KEY to it.',
    });
  });

  test('a wrong key', async () => {
    await expect(report(logger({ apiKey: 'wrong' }), startEvent())).rejects.toMatchObject({
      code: 'wandb-refused',
      message: expect.stringMatching(
        /^Expected Weights & Biases at http:\S+ to begin a run in the project `embedbag`, received from its client: Unable to determine default entity \(Fatal HTTP error \(401\):.*\. Check WANDB_API_KEY, WANDB_ENTITY and WANDB_BASE_URL, or leave `wandb` out\.$/s,
      ),
    });
  });

  test('a project that the key may not write', async () => {
    server.refuse((_, body) => (body.includes('upsertBucket') ? 403 : undefined));
    await expect(report(logger(), startEvent())).rejects.toMatchObject({
      code: 'wandb-refused',
      message: expect.stringMatching(/received from its client: Failed to upsert run \(Fatal HTTP error \(403\)/),
    });
  });

  test('a server that does not get ready', async () => {
    server.refuse(() => 503);
    // Long enough for the thread to load the client on a busy machine.
    await expect(report(logger({ timeoutMs: 3000 }), startEvent())).rejects.toThrow(
      'received from its client: nothing for 3 s (Retrying failed request to W&B',
    );
  });

  test('a mode that saves nothing', async () => {
    await expect(report(logger({ environment: { WANDB_MODE: 'offline' } }), startEvent())).rejects.toMatchObject({
      code: 'wandb-offline',
      message:
        'Expected `WANDB_MODE` to be `online` or `disabled`, received `offline`, in which the client for Node saves nothing. Unset it, or report to `tensorboard` or `jsonl` instead.',
    });
    await report(logger({ environment: { WANDB_MODE: 'disabled' } }), startEvent());
    expect(server.requests).toEqual([]);
  });
});

test('a client that is not installed is told with what to install', () => {
  expect(wandbClientPath(import.meta.url)).toContain('@wandb');
  expect(() => wandbClientPath(import.meta.url, '@wandb/not-installed')).toThrow(
    'Expected the client of Weights & Biases to be installed, received none. Run `npm install @wandb/sdk graphql`, or report to `tensorboard` or `jsonl` instead.',
  );
});
