import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbedbagError } from '@embedbag/core';
import type { HubEvent } from './hub-event.js';

/** Settings of `createHub`. What is left out comes from the environment, under the names that huggingface_hub reads. */
export interface HubOptions {
  /** The hub's address; `HF_ENDPOINT`, else `https://huggingface.co`. */
  readonly endpoint?: string;
  /** What private and gated repositories need; `HF_TOKEN`, else the file that `hf auth login` writes. False sends none. */
  readonly token?: string | false;
  /** The folder of the cache; `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`. */
  readonly cacheFolder?: string;
  /** Use the cache alone, without a request; true where `HF_HUB_OFFLINE` is 1. */
  readonly offline?: boolean;
  /** False copies blobs into snapshots instead of linking them; false where `HF_HUB_DISABLE_SYMLINKS` is 1. */
  readonly symlinks?: boolean;
  /** How often a request is made before its failure counts; 5 by default. A download that got on starts counting again. */
  readonly attempts?: number;
  /** The wait before the second attempt, doubled before every further one; 1000 by default. The hub's own wish wins. */
  readonly retryDelayMs?: number;
  /** How long the hub may stay silent, before an answer or within one; 30,000 by default. */
  readonly timeoutMs?: number;
  /** Files downloaded at the same time; 4 by default. */
  readonly downloadsAtOnce?: number;
  readonly onEvent?: (event: HubEvent) => void;
  /** Makes the requests, behind a proxy for example; the global `fetch` by default. */
  readonly fetch?: typeof fetch;
  /** Read instead of `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A token, and where it came from, for messages. */
export interface HubToken {
  readonly value: string;
  readonly origin: string;
}

/** {@link HubOptions} with nothing left open. */
export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: () => Promise<HubToken | undefined>;
  readonly cacheFolder: string;
  /** Why no request may be made, in words; undefined where one may. */
  readonly offline: string | undefined;
  readonly symlinks: boolean;
  readonly attempts: number;
  readonly retryDelayMs: number;
  readonly timeoutMs: number;
  readonly downloadsAtOnce: number;
  readonly onEvent: (event: HubEvent) => void;
  readonly fetch: typeof fetch;
}

const DEFAULT_ENDPOINT = 'https://huggingface.co';

type Environment = Readonly<Record<string, string | undefined>>;

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase());
}

/** A path of the environment, absolute: `~` is the home folder, `$NAME` a variable, as in huggingface_hub. */
function expandPath(path: string, environment: Environment): string {
  const home = path.replace(/^~(?=$|[/\\])/, () => homedir());
  return resolve(home.replace(/\$(?:\{(\w+)\}|(\w+))/g, (all, braced, plain) => environment[braced ?? plain] ?? all));
}

function homeFolder(environment: Environment): string {
  const base = environment.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return expandPath(environment.HF_HOME ?? join(base, 'huggingface'), environment);
}

function cacheFolderOf(environment: Environment): string {
  const named = environment.HF_HUB_CACHE ?? environment.HUGGINGFACE_HUB_CACHE;
  return named === undefined ? join(homeFolder(environment), 'hub') : expandPath(named, environment);
}

function checkEndpoint(endpoint: string, origin: string): string {
  let url: URL | undefined;
  try {
    url = new URL(endpoint);
  } catch {
    url = undefined;
  }
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return endpoint.replace(/\/+$/, '');
  throw new EmbedbagError({
    code: 'hub-invalid-endpoint',
    message: `Expected ${origin} to be the address of a hub, such as \`${DEFAULT_ENDPOINT}\`, received \`${endpoint}\`. Correct it or leave it out.`,
    details: { endpoint },
  });
}

function endpointOf(options: HubOptions, environment: Environment): string {
  if (options.endpoint !== undefined) return checkEndpoint(options.endpoint, '`endpoint`');
  return environment.HF_ENDPOINT ? checkEndpoint(environment.HF_ENDPOINT, '`HF_ENDPOINT`') : DEFAULT_ENDPOINT;
}

/** A token without what copying adds around it; undefined where nothing is left. */
function tokenFrom(text: string, origin: string): HubToken | undefined {
  const value = text.trim();
  if (value === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(value)) return { value, origin };
  throw new EmbedbagError({
    code: 'hub-invalid-token',
    message: `Expected ${origin} to be letters, digits and signs without spaces, received something else. Copy it again from the hub's settings.`,
    details: { origin },
  });
}

async function findToken(options: HubOptions, environment: Environment): Promise<HubToken | undefined> {
  if (options.token === false) return undefined;
  if (options.token !== undefined) return tokenFrom(options.token, 'the token given as `token`');
  if (isTrue(environment.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const token = tokenFrom(environment[name] ?? '', `the token in \`${name}\``);
    if (token !== undefined) return token;
  }
  const path = environment.HF_TOKEN_PATH ?? join(homeFolder(environment), 'token');
  const file = expandPath(path, environment);
  const text = await readFile(file, 'utf8').catch(() => '');
  return tokenFrom(text, `the token in \`${file}\``);
}

function offlineReason(options: HubOptions, environment: Environment): string | undefined {
  if (options.offline !== undefined) return options.offline ? '`offline` is true' : undefined;
  const name = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find((one) => isTrue(environment[one]));
  return name === undefined ? undefined : `\`${name}\` is set`;
}

function checkCount(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new EmbedbagError({
    code: 'invalid-option',
    message: `Expected \`${name}\` to be a whole number of at least ${least}, received ${value}. Correct it or leave it out.`,
    details: { name, received: value, limit: least },
  });
}

/**
 * Completes `options` from the environment; the file of the token is read when a request first needs it.
 *
 * @throws EmbedbagError `hub-invalid-endpoint`, `invalid-option`.
 */
export function hubSettings(options: HubOptions): HubSettings {
  const environment = options.environment ?? process.env;
  let token: Promise<HubToken | undefined> | undefined;
  return {
    endpoint: endpointOf(options, environment),
    token: () => {
      token ??= findToken(options, environment);
      return token;
    },
    cacheFolder: options.cacheFolder === undefined ? cacheFolderOf(environment) : resolve(options.cacheFolder),
    offline: offlineReason(options, environment),
    symlinks: options.symlinks ?? !isTrue(environment.HF_HUB_DISABLE_SYMLINKS),
    attempts: checkCount('attempts', options.attempts ?? 5, 1),
    retryDelayMs: checkCount('retryDelayMs', options.retryDelayMs ?? 1000, 0),
    timeoutMs: checkCount('timeoutMs', options.timeoutMs ?? 30_000, 1),
    downloadsAtOnce: checkCount('downloadsAtOnce', options.downloadsAtOnce ?? 4, 1),
    onEvent: options.onEvent ?? (() => {}),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
}
