import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Matrix, TextPlace } from '@embedbag/core';
import { afterEach, describe, expect, it } from 'vitest';
import { type EndpointTeacherOptions, endpointTeacher } from './endpoint-teacher.js';

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: { readonly model: string; readonly input: readonly string[]; readonly dimensions?: number };
}

type Answer = (texts: readonly string[], response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** A server of `/v1/embeddings` that gives the n-th request the n-th answer, and the last one from then on. */
async function startServer(...answers: readonly Answer[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await readBody(request)) as Asked['body'];
    const answer = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push({ path: request.url!, authorization: request.headers.authorization, body });
    answer(body.input, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Length and first code unit of each text, in reverse order with `index`, as the protocol allows. */
const embeddings: Answer = (texts, response) => {
  const data = texts.map((text, index) => ({ index, embedding: [text.length, text.charCodeAt(0)] }));
  send(response, 200, { object: 'list', data: data.reverse(), model: 'm', usage: {} });
};

function refusing(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_, response) => send(response, status, body, headers);
}

const place: TextPlace = { dataset: 'tokens', column: 0, rows: new Int32Array(0) };
const quick: EndpointTeacherOptions = { model: 'm', retryDelayMs: 1 };

async function ask(url: string, texts: readonly string[], options = quick, signal?: AbortSignal): Promise<Matrix> {
  return endpointTeacher(url, options)(texts, signal, place);
}

describe('endpointTeacher', () => {
  it('asks for all texts in one request and puts the answers in their order', async () => {
    const { url, asked } = await startServer(embeddings);
    const options = { ...quick, apiKey: 'secret', dimensions: 2 };
    const matrix = await ask(`${url}/v1/`, ['a', 'bcd'], options);
    expect(matrix).toEqual({ data: Float32Array.of(1, 97, 3, 98), rows: 2, columns: 2 });
    expect(asked).toEqual([
      {
        path: '/v1/embeddings',
        authorization: 'Bearer secret',
        body: { model: 'm', input: ['a', 'bcd'], encoding_format: 'float', dimensions: 2 },
      },
    ]);
  });

  it.each(['', '/', '/v1', '/v1/embeddings'])('finds the place behind the address with %j', async (path) => {
    const { url, asked } = await startServer(embeddings);
    await ask(`${url}${path}`, ['a']);
    expect(asked[0]?.path).toBe('/v1/embeddings');
  });

  it('tries again what may pass, and waits as long as the service says', async () => {
    const { url, asked } = await startServer(
      refusing(503, 'loading'),
      refusing(429, '', { 'retry-after': '0' }),
      (_, response) => response.destroy(),
      embeddings,
    );
    const startedAt = performance.now();
    expect((await ask(url, ['a'])).rows).toBe(1);
    expect(asked.length).toBe(4);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it('says what the service said when it refuses', async () => {
    const { url, asked } = await startServer(refusing(404, { error: { message: 'model `m` not found' } }));
    await expect(ask(url, ['a'])).rejects.toThrow(
      `Expected embeddings from ${url}/v1/embeddings, received status 404: {"error":{"message":"model \`m\` not found"}} after one try. Check the model's name, the key and the service.`,
    );
    expect(asked.length).toBe(1);
    const busy = await startServer(refusing(500, ''));
    await expect(ask(busy.url, ['a'], { ...quick, attempts: 3 })).rejects.toThrow(
      `received status 500 after 3 tries. Check the model's name`,
    );
    expect(busy.asked.length).toBe(3);
  });

  it('says so when nobody answers', async () => {
    const { url } = await startServer(embeddings);
    const server = servers.pop()!;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(ask(url, ['a'], { ...quick, attempts: 2 })).rejects.toThrow(
      `Expected an answer from ${url}/v1/embeddings, received ECONNREFUSED after 2 tries. Check the address, and that the service runs.`,
    );
    const silent = await startServer(() => undefined);
    await expect(ask(silent.url, ['a'], { ...quick, attempts: 1, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'endpoint-unreachable',
    });
  });

  it('refuses other dims than before', async () => {
    const { url } = await startServer(embeddings, refusing(200, { data: [{ embedding: [1, 2, 3] }] }));
    const teacher = endpointTeacher(url, quick);
    await teacher(['a'], undefined, place);
    await expect(teacher(['b'], undefined, place)).rejects.toThrow(
      `Expected ${url}/v1/embeddings to give embeddings of 2 dimensions as before, received 3. Ask a service that keeps to one model.`,
    );
  });

  it.each([
    ['no list', { ok: true }, '`data`, a list of embeddings, received something else'],
    ['a page', 'hello', '`data`, a list of embeddings, received something else'],
    ['too few', { data: [{ embedding: [1] }] }, '2 embeddings for 2 texts, received 1'],
    [
      'base64',
      { data: [{ embedding: 'AAAA' }, { embedding: 'AAAA' }] },
      'numbers in every `embedding`, received "AAAA"',
    ],
    [
      'two widths',
      { data: [{ embedding: [1] }, { embedding: [1, 2] }] },
      'embeddings of one dimension, 1, received one of 2',
    ],
    [
      'one index twice',
      {
        data: [
          { index: 1, embedding: [1] },
          { index: 1, embedding: [1] },
        ],
      },
      'each `index` from 0 to 1 once, received 1',
    ],
  ])('refuses an answer with %s', async (_, body, expected) => {
    const { url } = await startServer(refusing(200, body));
    await expect(ask(url, ['a', 'b'])).rejects.toThrow(
      `Expected ${url}/v1/embeddings to answer with ${expected}. Check that it speaks OpenAI's embeddings protocol.`,
    );
  });

  it('refuses what is no address', () => {
    expect(() => endpointTeacher('localhost:8080', quick)).toThrow(
      'Expected the endpoint to be an address such as `http://localhost:8080/v1`, received `localhost:8080`. Give the whole address.',
    );
  });

  it('ends with the reason of its signal, also while it waits', async () => {
    const { url } = await startServer(() => undefined);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await expect(ask(url, ['a'], quick, controller.signal)).rejects.toThrow('enough');
    const busy = await startServer(refusing(503, ''));
    const second = new AbortController();
    setTimeout(() => second.abort(new Error('enough')), 30);
    await expect(ask(busy.url, ['a'], { model: 'm', retryDelayMs: 60_000 }, second.signal)).rejects.toThrow('enough');
  });
});
