/**
 * A server on this machine that speaks the HTTP of Weights & Biases, for tests: the part of its GraphQL that begins a run, and
 * the stream of files that a run's figures come in. What it takes is stored; what is out of order is refused.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, graphql } from 'graphql';

/** A run as the server knows it. */
export interface WandbRun {
  readonly entity: string;
  readonly project: string;
  readonly id: string;
  readonly displayName: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  /** The lines of its history. */
  readonly history: Readonly<Record<string, unknown>>[];
  readonly summary: Readonly<Record<string, unknown>>;
  /** Undefined while it goes on. */
  readonly exitCode: number | undefined;
}

/** A running server. */
export interface LocalWandb {
  /** What `WANDB_BASE_URL` is to be. */
  readonly url: string;
  readonly runs: readonly WandbRun[];
  /** Paths of all requests. */
  readonly requests: string[];
  /** From now on, the status to answer a request with in place of doing it; undefined to do it. */
  refuse(status: ((path: string, body: string) => number | undefined) | undefined): void;
  close(): Promise<void>;
}

/** Settings of {@link startLocalWandb}. */
export interface LocalWandbOptions {
  /** The key of the one account. */
  readonly apiKey: string;
  readonly entity?: string;
}

const SCHEMA = buildSchema(`
  scalar JSONString
  type Query { viewer: User }
  type Mutation { upsertBucket(input: UpsertBucketInput!): UpsertBucketPayload }
  type User { id: ID! entity: String flags: JSONString teams: TeamConnection }
  type TeamConnection { edges: [TeamEdge] }
  type TeamEdge { node: Team }
  type Team { name: String }
  input UpsertBucketInput {
    id: String name: String groupName: String modelName: String entityName: String description: String
    displayName: String notes: String config: JSONString commit: String host: String debug: Boolean
    jobProgram: String jobRepo: String jobType: String state: String sweep: String tags: [String!]
    summaryMetrics: JSONString
  }
  type UpsertBucketPayload { bucket: Run inserted: Boolean }
  type Run {
    id: ID! name: String displayName: String description: String config: JSONString sweepName: String
    project: Project
  }
  type Project { id: ID! name: String entity: Entity }
  type Entity { id: ID! name: String }
`);

type StoredRun = { -readonly [Key in keyof WandbRun]: WandbRun[Key] };

interface UpsertInput {
  readonly name: string;
  readonly modelName: string;
  readonly entityName: string;
  readonly displayName?: string;
  readonly config?: string;
}

interface FileChunk {
  readonly offset: number;
  readonly content: readonly string[];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

/** The GraphQL of one account over `runs`. */
function resolvers(runs: StoredRun[], entity: string): object {
  return {
    viewer: { id: 'VXNlcjox', entity, flags: '{}', teams: { edges: [{ node: { name: entity } }] } },
    upsertBucket: ({ input }: { readonly input: UpsertInput }) => {
      const { name: id, modelName: project, entityName, displayName, config = '{}' } = input;
      const run: StoredRun = {
        entity: entityName,
        project,
        id,
        displayName,
        config: JSON.parse(config) as Record<string, unknown>,
        history: [],
        summary: {},
        exitCode: undefined,
      };
      runs.push(run);
      const owner = { id: project, name: project, entity: { id: entityName, name: entityName } };
      return { inserted: true, bucket: { id, name: id, displayName: displayName ?? id, config, project: owner } };
    },
  };
}

/** Takes a piece of the stream into `run`; false where its lines do not follow those that are there. */
function stream(run: StoredRun, body: string): boolean {
  const {
    files = {},
    complete,
    exitcode,
  } = JSON.parse(body) as {
    readonly files?: Readonly<Record<string, FileChunk>>;
    readonly complete?: boolean;
    readonly exitcode?: number;
  };
  const history = files['wandb-history.jsonl'];
  if (history !== undefined) {
    if (history.offset !== run.history.length) return false;
    run.history.push(...history.content.map((line) => JSON.parse(line) as Record<string, unknown>));
  }
  const summary = files['wandb-summary.json']?.content[0];
  if (summary !== undefined) run.summary = JSON.parse(summary) as Record<string, unknown>;
  if (complete === true) run.exitCode = exitcode;
  return true;
}

/** Starts a server without runs on a free port of this machine. */
export async function startLocalWandb({ apiKey, entity = 'someone' }: LocalWandbOptions): Promise<LocalWandb> {
  const runs: StoredRun[] = [];
  const requests: string[] = [];
  let refuse: ((path: string, body: string) => number | undefined) | undefined;
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
  const rootValue = resolvers(runs, entity);

  const answer = async (
    request: IncomingMessage,
    path: string,
    body: string,
  ): Promise<{ status: number; value: unknown }> => {
    const refused = refuse?.(path, body);
    if (refused !== undefined) return { status: refused, value: { error: `refused with ${refused}` } };
    if (request.headers.authorization !== authorization) return { status: 401, value: { error: 'invalid API key' } };
    if (path === '/graphql') {
      const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
      return {
        status: 200,
        value: await graphql({ schema: SCHEMA, source: query, rootValue, variableValues: variables }),
      };
    }
    const [, owner, project, id] = /^\/files\/([^/]+)\/([^/]+)\/([^/]+)\/file_stream$/.exec(path) ?? [];
    const run = runs.find((one) => one.id === id && one.project === project && one.entity === owner);
    if (run === undefined) return { status: 404, value: { error: 'run not found' } };
    return stream(run, body) ? { status: 200, value: {} } : { status: 409, value: { error: 'wrong offset' } };
  };

  const server = createServer((request, response) => {
    void (async () => {
      const path = decodeURIComponent(request.url ?? '/');
      requests.push(path);
      const { status, value } = await answer(request, path, await bodyOf(request));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runs,
    requests,
    refuse: (status) => {
      refuse = status;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
