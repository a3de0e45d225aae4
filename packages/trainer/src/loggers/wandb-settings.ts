import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { EmbedbagError } from '@embedbag/core';

/** Where {@link wandbLogger} reports; what is left out comes from the environment, under the names of W&B's own client. */
export interface WandbLoggerOptions {
  /** `WANDB_PROJECT`, else `embedbag`. */
  readonly project?: string;
  /** A user or a team; `WANDB_ENTITY`, else the owner of the key. */
  readonly entity?: string;
  /** `WANDB_BASE_URL`, else `https://api.wandb.ai`. */
  readonly baseUrl?: string;
  /** `WANDB_API_KEY`, else what `wandb login` has left in `.netrc`. It is no part of the logger's `config`. */
  readonly apiKey?: string;
  /** How long the server may take to begin and to end a run; 30,000 by default. */
  readonly timeoutMs?: number;
  /** The wait before figures that were refused are sent again, doubled each time; 1000 by default. */
  readonly retryDelayMs?: number;
  /** Read instead of `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** {@link WandbLoggerOptions} with nothing left open. */
export interface WandbSettings {
  readonly project: string;
  readonly entity: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly retryDelayMs: number;
}

/** The password of a machine in `.netrc`, where `wandb login` puts the key. */
async function keyOfNetrc(host: string, environment: WandbLoggerOptions['environment']): Promise<string | undefined> {
  const file = environment?.NETRC ?? path.join(environment?.HOME ?? homedir(), '.netrc');
  const words = (await readFile(file, 'utf8').catch(() => '')).split(/\s+/);
  const at = words.findIndex((word, i) => word === 'machine' && words[i + 1] === host);
  if (at === -1) return undefined;
  const end = words.indexOf('machine', at + 1);
  const entry = words.slice(at, end === -1 ? undefined : end);
  const password = entry.indexOf('password');
  return password === -1 ? undefined : entry[password + 1];
}

function checkMode(mode: string | undefined): void {
  if (mode !== 'offline' && mode !== 'dryrun') return;
  throw new EmbedbagError({
    code: 'wandb-offline',
    message: `Expected \`WANDB_MODE\` to be \`online\` or \`disabled\`, received \`${mode}\`, in which the client for Node saves nothing. Unset it, or report to \`tensorboard\` or \`jsonl\` instead.`,
    details: { mode },
  });
}

/**
 * Completes `options` from the environment; undefined where `WANDB_MODE` is `disabled`. Rejects with `wandb-offline` and
 * `wandb-key-missing`.
 */
export async function wandbSettings(options: WandbLoggerOptions): Promise<WandbSettings | undefined> {
  const environment = options.environment ?? process.env;
  if (environment.WANDB_MODE === 'disabled') return undefined;
  checkMode(environment.WANDB_MODE);
  const baseUrl = (options.baseUrl ?? (environment.WANDB_BASE_URL || 'https://api.wandb.ai')).replace(/\/+$/, '');
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : baseUrl;
  const apiKey = options.apiKey ?? (environment.WANDB_API_KEY || (await keyOfNetrc(host, environment)));
  if (apiKey === undefined) {
    throw new EmbedbagError({
      code: 'wandb-key-missing',
      message: `Expected a key for Weights & Biases at ${baseUrl}, received none. Copy it from ${baseUrl.replace('api.', '')}/authorize and set WANDB_API_KEY to it.`,
      details: { baseUrl },
    });
  }
  return {
    project: options.project ?? (environment.WANDB_PROJECT || 'embedbag'),
    entity: options.entity ?? environment.WANDB_ENTITY ?? '',
    baseUrl,
    apiKey,
    timeoutMs: options.timeoutMs ?? 30_000,
    retryDelayMs: options.retryDelayMs ?? 1000,
  };
}
