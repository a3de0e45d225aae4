import type { IncomingMessage } from 'node:http';
import { failure, json } from './answer-forms.js';
import type { RequestKind } from './local-hub.js';
import type { RepositoryStore, StoredFile, StoredRepository } from './repository-store.js';
import type { Answer } from './send-answer.js';

/** What {@link HubAnswers} answers from. */
export interface HubAnswersOptions {
  readonly store: RepositoryStore;
  readonly pageSize: number;
  readonly endpoint: string;
  readonly storage: string;
}

interface Routed {
  readonly kind: RequestKind | undefined;
  readonly answer: () => Answer;
}

const API = /^\/api\/(model|dataset)s\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/;
const RESOLVE = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/(.+)$/;
const SMALL = /^\/api\/resolve-cache\/(model|dataset)s\/([^/]+\/[^/]+)\/([0-9a-f]{40})\/(.+)$/;

/** The right answers of the hub. */
export class HubAnswers {
  readonly #options: HubAnswersOptions;

  constructor(options: HubAnswersOptions) {
    this.#options = options;
  }

  /** Answers a request to the hub itself. */
  hub(request: IncomingMessage): Routed {
    const url = new URL(request.url ?? '/', this.#options.endpoint);
    const api = API.exec(url.pathname);
    if (api !== null) {
      const [, type = '', name = '', call = '', rest = ''] = api;
      return call === 'tree'
        ? { kind: 'tree', answer: () => this.#tree(request, type, name, rest, url) }
        : { kind: 'revision', answer: () => this.#revision(request, type, name, decodeURIComponent(rest)) };
    }
    const small = SMALL.exec(url.pathname);
    if (small !== null) {
      const [, type = '', name = '', commit = '', path = ''] = small;
      return {
        kind: 'small-file',
        answer: () => this.#smallFile(request, type, name, commit, decodeURIComponent(path)),
      };
    }
    const resolve = RESOLVE.exec(url.pathname);
    if (resolve !== null) {
      const [, datasets, name = '', rest = ''] = resolve;
      return { kind: 'resolve', answer: () => this.#resolve(request, datasets ? 'dataset' : 'model', name, rest) };
    }
    return {
      kind: undefined,
      answer: () => failure(404, undefined, "Sorry, we can't find the page you are looking for."),
    };
  }

  /** Answers a request to the storage of large files. */
  largeFile(request: IncomingMessage): Answer {
    if (request.headers.authorization !== undefined) {
      return { status: 400, body: new TextEncoder().encode('Only one auth mechanism allowed') };
    }
    const sha256 = (request.url ?? '').replace(/^.*\//, '');
    const bytes = this.#options.store.largeFile(sha256);
    if (bytes === undefined) return { status: 403, body: new TextEncoder().encode('AccessDenied') };
    return { status: 200, headers: { etag: `"${sha256.slice(0, 32)}"` }, body: bytes, takesRanges: true };
  }

  /** The repository, where the request may read it. */
  #repository(request: IncomingMessage, type: string, name: string): StoredRepository | Answer {
    const repository = this.#options.store.find(type, name);
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    const isHidden = repository === undefined || (repository.token !== undefined && repository.token !== token);
    if (isHidden && token === undefined) return failure(401, 'RepoNotFound', 'Invalid username or password.');
    if (isHidden && token === 'expired') return failure(401, undefined, 'Invalid credentials in Authorization header');
    if (isHidden) return failure(404, 'RepoNotFound', 'Repository not found');
    if (repository.gatedToken !== undefined && repository.gatedToken !== token) {
      const message = `Access to ${type} ${name} is restricted and you are not in the authorized list. Visit ${this.#options.endpoint}/${name} to ask for access.`;
      return failure(token === undefined ? 401 : 403, 'GatedRepo', message);
    }
    return repository;
  }

  #revision(request: IncomingMessage, type: string, name: string, revision: string): Answer {
    const repository = this.#repository(request, type, name);
    if ('status' in repository) return repository;
    const commit = this.#options.store.commitOf(repository, revision);
    if (commit === undefined) return failure(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    return json({
      _id: commit.slice(0, 24),
      id: name,
      sha: commit,
      private: repository.token !== undefined,
      gated: repository.gatedToken === undefined ? false : 'auto',
      downloads: 0,
      likes: 0,
      lastModified: '2026-01-01T00:00:00.000Z',
      siblings: [...(repository.commits.get(commit)?.keys() ?? [])].map((rfilename) => ({ rfilename })),
    });
  }

  #tree(request: IncomingMessage, type: string, name: string, rest: string, url: URL): Answer {
    const repository = this.#repository(request, type, name);
    if ('status' in repository) return repository;
    const commit = this.#options.store.commitOf(repository, decodeURIComponent(rest));
    if (commit === undefined) return failure(404, 'RevisionNotFound', `Invalid rev id: ${rest}`);
    const entries = treeEntries([...(repository.commits.get(commit)?.values() ?? [])]);
    const first = Number(url.searchParams.get('cursor') ?? 0);
    const end = first + this.#options.pageSize;
    if (end >= entries.length) return json(entries.slice(first));
    const next = new URL(url);
    next.searchParams.set('cursor', String(end));
    return json(entries.slice(first, end), { link: `<${next.href}>; rel="next"` });
  }

  #resolve(request: IncomingMessage, type: string, name: string, rest: string): Answer {
    const repository = this.#repository(request, type, name);
    if ('status' in repository) return repository;
    const [, encoded = '', path = ''] = /^(refs\/(?:convert|pr)\/[^/]+|[^/]+)\/(.+)$/.exec(rest) ?? [];
    const revision = decodeURIComponent(encoded);
    const commit = this.#options.store.commitOf(repository, revision);
    if (commit === undefined) return failure(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    const file = repository.commits.get(commit)?.get(decodeURIComponent(path));
    if (file === undefined) {
      const answer = failure(404, 'EntryNotFound', 'Entry not found');
      return { ...answer, headers: { ...answer.headers, 'x-repo-commit': commit } };
    }
    if (file.sha256 === undefined) {
      const location = `/api/resolve-cache/${type}s/${name}/${commit}/${path}`;
      return {
        status: 307,
        headers: {
          location,
          'x-repo-commit': commit,
          'x-linked-etag': `"${file.oid}"`,
          'x-linked-size': String(file.bytes.byteLength),
        },
        body: new TextEncoder().encode(`Temporary Redirect. Redirecting to ${location}`),
      };
    }
    return {
      status: 302,
      headers: {
        location: `${this.#options.storage}/repos/${file.sha256}`,
        'x-repo-commit': commit,
        'x-linked-etag': `"${file.sha256}"`,
        'x-linked-size': String(file.bytes.byteLength),
      },
      body: new TextEncoder().encode('Found. Redirecting'),
    };
  }

  #smallFile(request: IncomingMessage, type: string, name: string, commit: string, path: string): Answer {
    const repository = this.#repository(request, type, name);
    if ('status' in repository) return repository;
    const file = repository.commits.get(commit)?.get(path);
    if (file === undefined) return failure(404, 'EntryNotFound', 'Entry not found');
    return {
      status: 200,
      headers: { etag: `"${file.oid}"`, 'x-repo-commit': commit, 'content-type': 'text/plain; charset=utf-8' },
      body: file.bytes,
      takesRanges: true,
    };
  }
}

/** The files and the folders above them, as a recursive listing has them. */
function treeEntries(files: readonly StoredFile[]): readonly object[] {
  const folders = new Set<string>();
  const entries: object[] = [];
  for (const file of files) {
    const parts = file.path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/');
      if (!folders.has(folder)) entries.push({ type: 'directory', oid: file.oid, size: 0, path: folder });
      folders.add(folder);
    }
    const size = file.bytes.byteLength;
    const lfs = { oid: file.sha256, size, pointerSize: file.pointerBytes };
    entries.push({ type: 'file', oid: file.oid, size, path: file.path, ...(file.sha256 === undefined ? {} : { lfs }) });
  }
  return entries;
}
