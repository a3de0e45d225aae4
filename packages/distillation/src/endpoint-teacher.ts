import { EmbedbagError, type Matrix } from '@embedbag/core';
import type { Teacher } from './teacher.js';

/** Settings of {@link endpointTeacher}. */
export interface EndpointTeacherOptions {
  /** The `model` of every request. */
  readonly model: string;
  /** Sent as `Authorization: Bearer`. Default: none is sent. */
  readonly apiKey?: string;
  /** The `dimensions` of every request, for services that cut embeddings. Default: what the model has. */
  readonly dimensions?: number;
  /** Tries of a request that got 408, 429, 5xx or no answer. Default 5. */
  readonly attempts?: number;
  /** Wait before the second try, doubled each time, where the answer has no `Retry-After`. Default 1,000. */
  readonly retryDelayMs?: number;
  /** Longest wait for an answer. Default 60,000. */
  readonly timeoutMs?: number;
}

interface Request {
  readonly url: string;
  readonly options: EndpointTeacherOptions;
  readonly signal: AbortSignal | undefined;
}

const LONGEST_WAIT_MS = 300_000;

/**
 * An HTTP service that speaks OpenAI's `/v1/embeddings` as teacher: text-embeddings-inference, vLLM, Ollama, llama.cpp, ...
 *
 * `url` is the address up to and with `/v1`, or the whole of it; each call is one request. Tokens are asked for as texts.
 *
 * @throws EmbedbagError `endpoint-invalid` here; its calls throw `endpoint-refused`, `endpoint-unreachable`,
 * `endpoint-answer-invalid`, `endpoint-dimension-changed`, and the reason of an aborted signal.
 *
 * @example
 * ```ts
 * const teacher = endpointTeacher('http://localhost:8080/v1', { model: 'all-MiniLM-L6-v2' });
 * ```
 */
export function endpointTeacher(url: string, options: EndpointTeacherOptions): Teacher {
  const address = addressOf(url);
  let dimension: number | undefined;
  return async (texts, signal): Promise<Matrix> => {
    const matrix = await ask({ url: address, options, signal }, texts);
    dimension ??= matrix.columns;
    if (matrix.columns === dimension) return matrix;
    throw new EmbedbagError({
      code: 'endpoint-dimension-changed',
      message: `Expected ${address} to give embeddings of ${dimension} dimensions as before, received ${matrix.columns}. Ask a service that keeps to one model.`,
      details: { url: address, expected: dimension, received: matrix.columns },
    });
  };
}

function addressOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new EmbedbagError({
      code: 'endpoint-invalid',
      message: `Expected the endpoint to be an address such as \`http://localhost:8080/v1\`, received \`${url}\`. Give the whole address.`,
      details: { url },
    });
  }
  const address = url.replace(/\/+$/, '');
  if (address.endsWith('/embeddings')) return address;
  return address.endsWith('/v1') ? `${address}/embeddings` : `${address}/v1/embeddings`;
}

async function ask(request: Request, texts: readonly string[]): Promise<Matrix> {
  const { attempts = 5, retryDelayMs = 1000 } = request.options;
  for (let attempt = 1; ; attempt++) {
    const answer = await send(request, texts);
    if (answer instanceof Response && answer.ok) return readAnswer(request.url, answer, texts.length);
    const isPassing = !(answer instanceof Response) || [408, 429].includes(answer.status) || answer.status >= 500;
    if (!isPassing || attempt >= attempts) throw await failure(request.url, answer, attempt);
    const asked =
      answer instanceof Response ? Number(answer.headers.get('retry-after') ?? Number.NaN) * 1000 : Number.NaN;
    const waitMs = Number.isFinite(asked) && asked >= 0 ? asked : retryDelayMs * 2 ** (attempt - 1);
    if (waitMs > LONGEST_WAIT_MS) throw await failure(request.url, answer, attempt);
    await wait(waitMs, request.signal);
  }
}

/** The answer, or what kept it from coming; throws the reason of an aborted signal. */
async function send({ url, options, signal }: Request, texts: readonly string[]): Promise<Response | Error> {
  const { model, apiKey, dimensions, timeoutMs = 60_000 } = options;
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ model, input: texts, encoding_format: 'float', ...(dimensions && { dimensions }) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    return error as Error;
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

async function failure(url: string, answer: Response | Error, attempts: number): Promise<EmbedbagError> {
  if (answer instanceof Response) {
    const text = (await answer.text().catch(() => '')).trim().replaceAll(/\s+/g, ' ').slice(0, 200);
    return new EmbedbagError({
      code: 'endpoint-refused',
      message: `Expected embeddings from ${url}, received status ${answer.status}${text === '' ? '' : `: ${text}`} after ${attempts === 1 ? 'one try' : `${attempts} tries`}. Check the model's name, the key and the service.`,
      details: { url, status: answer.status },
    });
  }
  const { cause } = answer as { cause?: { code?: string; message?: string } };
  const reason = cause?.code ?? cause?.message ?? answer.message;
  return new EmbedbagError({
    code: 'endpoint-unreachable',
    message: `Expected an answer from ${url}, received ${reason} after ${attempts === 1 ? 'one try' : `${attempts} tries`}. Check the address, and that the service runs.`,
    details: { url, reason },
    cause: answer,
  });
}

function answerInvalid(url: string, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'endpoint-answer-invalid',
    message: `Expected ${url} to answer with ${expected}, received ${received}. Check that it speaks OpenAI's embeddings protocol.`,
    details: { url },
  });
}

async function readAnswer(url: string, answer: Response, texts: number): Promise<Matrix> {
  const body: unknown = await answer.json().catch(() => undefined);
  const items = (body as { data?: unknown } | undefined)?.data;
  if (!Array.isArray(items)) throw answerInvalid(url, '`data`, a list of embeddings', 'something else');
  if (items.length !== texts) throw answerInvalid(url, `${texts} embeddings for ${texts} texts`, `${items.length}`);
  let data: Float32Array | undefined;
  let columns = 0;
  const isThere = new Uint8Array(texts);
  for (const [place, item] of items.entries()) {
    const { embedding, index = place } = item as { embedding?: unknown; index?: number };
    const isVector = Array.isArray(embedding) && embedding.every((value) => typeof value === 'number');
    if (!isVector)
      throw answerInvalid(url, 'numbers in every `embedding`', `${JSON.stringify(embedding)?.slice(0, 60)}`);
    data ??= new Float32Array(texts * embedding.length);
    columns ||= embedding.length;
    if (embedding.length !== columns || columns === 0) {
      throw answerInvalid(url, `embeddings of one dimension, ${columns}`, `one of ${embedding.length}`);
    }
    if (!Number.isInteger(index) || index < 0 || index >= texts || isThere[index] === 1) {
      throw answerInvalid(url, `each \`index\` from 0 to ${texts - 1} once`, `${index}`);
    }
    isThere[index] = 1;
    data.set(embedding as number[], index * columns);
  }
  return { data: data ?? new Float32Array(0), rows: texts, columns };
}
