/**
 * A server on this machine that speaks the HTTP of the Hugging Face Hub, for tests: revisions, listings in pages, files
 * behind redirects, ranges, private and gated repositories, and every way to answer wrongly that a test asks for.
 *
 * It listens on two ports. The second one is the storage of large files: another host to a client, which like the real
 * storage refuses requests that carry a token.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HubAnswers } from './hub-answers.js';
import { type RepositoryOptions, RepositoryStore } from './repository-store.js';
import { type Answer, type Misbehaviour, send } from './send-answer.js';

/** What a request asks for. */
export type RequestKind = 'revision' | 'tree' | 'resolve' | 'small-file' | 'large-file';

/** A request as a test sees it. */
export interface HubRequest {
  readonly kind: RequestKind | undefined;
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** Tells how to answer a request wrongly; undefined to answer it well. */
export type Misbehave = (request: HubRequest) => Misbehaviour | undefined;

/** A running local hub. */
export interface LocalHub {
  /** What `HF_ENDPOINT` is to be. */
  readonly endpoint: string;
  /** Where large files are redirected to. */
  readonly storage: string;
  /** Every request since the start, or since a test emptied it. */
  readonly requests: HubRequest[];
  /** Adds files to a repository as a commit, and returns the commit. */
  add(options: RepositoryOptions): string;
  /** From now on answers as `misbehave` says. */
  misbehave(misbehave: Misbehave | undefined): void;
  close(): Promise<void>;
}

/** Settings of {@link startLocalHub}. */
export interface LocalHubOptions {
  /** Files in one page of a listing; 1000 by default, as on the real hub. */
  readonly pageSize?: number;
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Starts a hub without repositories on free ports of this machine. */
export async function startLocalHub({ pageSize = 1000 }: LocalHubOptions = {}): Promise<LocalHub> {
  const store = new RepositoryStore();
  const requests: HubRequest[] = [];
  let misbehave: Misbehave | undefined;

  const respond = (request: IncomingMessage, response: ServerResponse, kind: RequestKind | undefined, good: Answer) => {
    const seen: HubRequest = {
      kind,
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      range: request.headers.range,
      authorization: request.headers.authorization,
    };
    requests.push(seen);
    send(request, response, good, misbehave?.(seen) ?? {});
  };
  const storage = await listen((request, response) => {
    respond(request, response, 'large-file', answers.largeFile(request));
  });
  const hub = await listen((request, response) => {
    const { kind, answer } = answers.hub(request);
    respond(request, response, kind, answer);
  });
  const answers = new HubAnswers({ store, pageSize, endpoint: addressOf(hub), storage: addressOf(storage) });
  return {
    endpoint: addressOf(hub),
    storage: addressOf(storage),
    requests,
    add: (options) => store.add(options),
    misbehave: (value) => {
      misbehave = value;
    },
    close: async () => {
      await Promise.all([stop(hub), stop(storage)]);
    },
  };
}
