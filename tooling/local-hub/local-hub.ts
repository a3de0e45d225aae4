/**
 * A server on this machine that speaks the HTTP of the Hugging Face Hub, for tests: revisions, listings in pages, files
 * behind redirects, ranges, private and gated repositories, uploads that are really stored, and every way to answer wrongly
 * that a test asks for.
 *
 * It listens on two ports. The second one is the storage of large files: another host to a client, which like the real
 * storage refuses requests that carry a token.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HubAnswers } from './hub-answers.js';
import { type RepositoryOptions, RepositoryStore } from './repository-store.js';
import { type Answer, type Misbehaviour, send } from './send-answer.js';
import { UploadAnswers } from './upload-answers.js';

/** What a request asks for. */
export type RequestKind =
  | 'revision'
  | 'tree'
  | 'resolve'
  | 'small-file'
  | 'large-file'
  | 'create'
  | 'preupload'
  | 'large-file-batch'
  | 'large-file-upload'
  | 'large-file-completion'
  | 'commit';

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
  /** By token, the owners under whose name it may write; none by default. */
  readonly writers?: Readonly<Record<string, readonly string[]>>;
  /** Files larger than this are uploaded in parts of this size; 5 GB by default, as on the real hub. */
  readonly partBytes?: number;
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

/** The body of a request, or undefined where only `mostBytes` of it were read because its connection is to be cut. */
async function readBody(request: IncomingMessage, mostBytes: number): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  if (mostBytes < 0) return undefined;
  for await (const piece of request) {
    pieces.push(piece as Buffer);
    size += (piece as Buffer).byteLength;
    if (size > mostBytes) return undefined;
  }
  return Buffer.concat(pieces);
}

/** How a request is answered, once its body is here. */
interface Routed {
  readonly kind: RequestKind | undefined;
  readonly answer: (body: Uint8Array) => Answer;
}

/** Starts a hub without repositories on free ports of this machine. */
export async function startLocalHub(options: LocalHubOptions = {}): Promise<LocalHub> {
  const { pageSize = 1000, writers = {}, partBytes = 5e9 } = options;
  const store = new RepositoryStore();
  const requests: HubRequest[] = [];
  let misbehave: Misbehave | undefined;

  const respond = async (request: IncomingMessage, response: ServerResponse, routed: Routed): Promise<void> => {
    const seen: HubRequest = {
      kind: routed.kind,
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      range: request.headers.range,
      authorization: request.headers.authorization,
    };
    requests.push(seen);
    const wrong = misbehave?.(seen) ?? {};
    // A request whose body was not read to its end has lost its socket.
    const { socket } = request;
    const body = await readBody(request, wrong.cutsRequestAfterBytes ?? Number.POSITIVE_INFINITY).catch(
      () => undefined,
    );
    if (body === undefined) socket.destroy();
    // What is refused on purpose is not done either.
    else send(request, response, wrong.status === undefined ? routed.answer(body) : { status: wrong.status }, wrong);
  };
  const storage = await listen((request, response) => {
    const upload = uploads.storage(request);
    void respond(request, response, upload ?? { kind: 'large-file', answer: () => answers.largeFile(request) });
  });
  const hub = await listen((request, response) => {
    void respond(request, response, uploads.hub(request) ?? answers.hub(request));
  });
  const addresses = { endpoint: addressOf(hub), storage: addressOf(storage) };
  const answers = new HubAnswers({ store, pageSize, ...addresses });
  const uploads = new UploadAnswers({ store, writers, partBytes, ...addresses });
  return {
    ...addresses,
    requests,
    add: (repository) => store.add(repository),
    misbehave: (value) => {
      misbehave = value;
    },
    close: async () => {
      await Promise.all([stop(hub), stop(storage)]);
    },
  };
}
