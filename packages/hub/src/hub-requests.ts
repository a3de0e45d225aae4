import { setTimeout as wait } from 'node:timers/promises';
import { isEmbedbagError } from '@embedbag/core';
import type { HubSettings } from './hub-settings.js';
import { refusal, storageRefusal, unreachable, wrongAnswer } from './refusal.js';
import type { RequestSubject } from './request-subject.js';

/** Statuses that may be gone a moment later. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
/** The longest wait between two attempts that is not the hub's own wish. */
const LONGEST_DELAY_MS = 30_000;
/** The longest wait that the hub may wish for; beyond it the failure is told. */
const LONGEST_WISH_MS = 300_000;
const MOST_REDIRECTS = 5;

/** A failed attempt that another one may mend. */
export class PassingFailure extends Error {
  /** The failure to throw when no attempt is left. */
  readonly failure: Error;
  /** How long the hub wishes us to wait. */
  readonly wishMs: number | undefined;

  constructor(reason: string, failure: Error, wishMs?: number) {
    super(reason);
    this.failure = failure;
    this.wishMs = wishMs;
  }
}

/** How long an answer wishes us to wait: `Retry-After` in seconds or as a date, or the hub's `RateLimit`. */
function retryWish(headers: Headers, now: number): number | undefined {
  const after = headers.get('retry-after');
  if (after !== null) {
    if (/^\d+$/.test(after.trim())) return Number(after) * 1000;
    const date = Date.parse(after);
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
  const limit = /;\s*r=0\s*;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '');
  return limit === null ? undefined : Number(limit[1]) * 1000;
}

/** Why a request brought no answer, in a few words: `ECONNREFUSED`, `nothing for 30 s`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { readonly cause?: { readonly code?: string; readonly message?: string } };
  return cause?.code ?? (cause?.message || error.message);
}

/** An answer, and the clock that ends it when the hub falls silent. */
export interface OpenResponse {
  readonly response: Response;
  /** To be called with every piece of the body. */
  touch(): void;
  /** Ends the clock, and the connection where the body was not read to its end. */
  close(): void;
}

/** The body of a request, which every attempt reads anew. */
export interface RequestBody {
  readonly sizeBytes: number;
  stream(): ReadableStream<Uint8Array>;
}

/** How a request is made. */
export interface RequestOptions {
  /** `GET` by default. */
  readonly method?: string;
  readonly body?: RequestBody;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Statuses beside 200 to 299 that are answers to the caller, not failures. */
  readonly accepts?: readonly number[];
  /** Called with every answer, those included that redirect, before anything else is done with it. */
  readonly onAnswer?: (response: Response) => void;
}

/** The same stream, telling of every piece that is taken from it. */
function watched(stream: ReadableStream<Uint8Array>, touch: () => void): ReadableStream<Uint8Array> {
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      touch();
      controller.enqueue(piece);
    },
  });
  return stream.pipeThrough(watch);
}

/** The requests of one hub: its token, its clock and its patience in one place. */
export class HubRequests {
  readonly #settings: HubSettings;

  constructor(settings: HubSettings) {
    this.#settings = settings;
  }

  /**
   * Runs `attempt` until it succeeds, fails for good, or has failed `attempts` times. An attempt that got on by itself, as
   * a download that grew does, sets `progress.gotOn` and the count begins anew.
   */
  async retry<Result>(
    url: string,
    attempt: (progress: { gotOn: boolean }) => Promise<Result>,
    signal: AbortSignal | undefined,
    attempts: number = this.#settings.attempts,
  ): Promise<Result> {
    for (let failures = 0; ; ) {
      const progress = { gotOn: false };
      try {
        return await attempt(progress);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof PassingFailure)) throw error;
        failures = progress.gotOn ? 1 : failures + 1;
        const backOff = Math.min(LONGEST_DELAY_MS, this.#settings.retryDelayMs * 2 ** (failures - 1));
        const delayMs = error.wishMs ?? backOff;
        if (failures >= attempts || delayMs > LONGEST_WISH_MS) throw error.failure;
        this.#settings.onEvent({ type: 'retry', url, reason: error.message, delayMs });
        await wait(delayMs, undefined, signal === undefined ? {} : { signal });
      }
    }
  }

  /**
   * One attempt: follows redirects, and sends the token to the hub alone, never to the storage behind it.
   *
   * @throws PassingFailure What another attempt may mend.
   * @throws EmbedbagError What the hub refuses; see `refusal`.
   */
  async open(url: string, subject: RequestSubject, options: RequestOptions = {}): Promise<OpenResponse> {
    const clock = new AbortController();
    const { timeoutMs } = this.#settings;
    const silence = new Error(`nothing for ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => clock.abort(silence), timeoutMs);
    const signal = options.signal === undefined ? clock.signal : AbortSignal.any([clock.signal, options.signal]);
    const close = (): void => {
      clearTimeout(timer);
      clock.abort();
    };
    let target = new URL(url);
    try {
      for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
        const response = await this.#send(target, subject, { ...options, signal, callerSignal: options.signal }, () =>
          timer.refresh(),
        );
        const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
        const isAnswer = response.ok || options.accepts?.includes(response.status) === true;
        if (location === null && !isAnswer) throw await this.#failureOf(response, subject, target);
        options.onAnswer?.(response);
        if (location === null) return { response, touch: () => timer.refresh(), close };
        await response.body?.cancel();
        target = new URL(location, target);
      }
      throw wrongAnswer(subject, `at most ${MOST_REDIRECTS} redirects`, 'more');
    } catch (error) {
      close();
      throw error;
    }
  }

  async #send(
    target: URL,
    subject: RequestSubject,
    options: RequestOptions & { readonly signal: AbortSignal; readonly callerSignal: AbortSignal | undefined },
    touch: () => void,
  ): Promise<Response> {
    const { method = 'GET', body, signal } = options;
    const token = await this.#settings.token();
    const headers: Record<string, string> = {
      // What a proxy compresses on its way has no ranges and no size.
      'accept-encoding': 'identity',
      'user-agent': 'embedbag; node',
      ...options.headers,
    };
    if (this.#isHub(target) && token !== undefined) headers.authorization = `Bearer ${token.value}`;
    if (body !== undefined) headers['content-length'] = String(body.sizeBytes);
    const sent = body === undefined ? {} : { body: watched(body.stream(), touch), duplex: 'half' };
    try {
      return await this.#settings.fetch(target, { method, headers, ...sent, redirect: 'manual', signal });
    } catch (error) {
      options.callerSignal?.throwIfAborted();
      const reason = reasonOf(signal.aborted ? signal.reason : error);
      throw new PassingFailure(reason, unreachable(subject, target, reason, error));
    }
  }

  async #failureOf(response: Response, subject: RequestSubject, target: URL): Promise<Error> {
    const { status } = response;
    await response.body?.cancel();
    const isHub = this.#isHub(target);
    const failure = isHub
      ? refusal(response, subject, await this.#settings.token())
      : storageRefusal(response, subject, target);
    // The storage's addresses expire; another attempt to read asks the hub for a new one.
    const isExpired = !isHub && status === 403 && subject.purpose === undefined;
    if (!PASSING.has(status) && !isExpired) return failure;
    return new PassingFailure(`status ${status}`, failure, retryWish(response.headers, Date.now()));
  }

  #isHub(target: URL): boolean {
    return target.origin === new URL(this.#settings.endpoint).origin;
  }

  /**
   * A `fetch` for the calls of @huggingface/hub that answer with JSON: with this hub's token, clock, patience and words
   * for what goes wrong. The body is read whole, so that one cut on its way is asked for again.
   */
  jsonFetch(subject: RequestSubject, signal: AbortSignal | undefined, attempts?: number): typeof fetch {
    return (input) => {
      const url = String(input);
      return this.retry(url, () => this.#readJson(url, subject, signal), signal, attempts);
    };
  }

  async #readJson(url: string, subject: RequestSubject, signal: AbortSignal | undefined): Promise<Response> {
    const { response, close } = await this.open(url, subject, { headers: { accept: 'application/json' }, signal });
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      const reason = `an answer that was cut off (${reasonOf(error)})`;
      throw new PassingFailure(reason, unreachable(subject, new URL(url), reason, error));
    } finally {
      close();
    }
    try {
      JSON.parse(text);
    } catch {
      const start = text.length > 60 ? `${text.slice(0, 60)}...` : text;
      throw wrongAnswer(subject, 'JSON', JSON.stringify(start));
    }
    return new Response(text, { status: response.status, headers: response.headers });
  }
}

/** Whether a failure is the network's or the hub's own, so that the cache may stand in. */
export function isOutage(error: unknown): boolean {
  return isEmbedbagError(error) && ['hub-unreachable', 'hub-server-error', 'hub-rate-limited'].includes(error.code);
}
