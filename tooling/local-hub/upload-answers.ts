import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { failure, json } from './answer-forms.js';
import type { RequestKind } from './local-hub.js';
import { type FileChange, isLargeFile, type RepositoryStore, type StoredRepository } from './repository-store.js';
import type { Answer } from './send-answer.js';

/** What {@link UploadAnswers} answers from. */
export interface UploadAnswersOptions {
  readonly store: RepositoryStore;
  readonly endpoint: string;
  readonly storage: string;
  /** By token, the owners under whose name it may write. */
  readonly writers: Readonly<Record<string, readonly string[]>>;
  /** Files larger than this are uploaded in parts of this size. */
  readonly partBytes: number;
}

interface Routed {
  readonly kind: RequestKind;
  readonly answer: (body: Uint8Array) => Answer;
}

interface LargeObject {
  readonly oid: string;
  readonly size: number;
}

const API = /^\/api\/models\/([^/]+\/[^/]+)\/(preupload|commit)\/main$/;
const BATCH = /^\/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/;
const OBJECT = /^\/uploads\/([0-9a-f]{64})(?:\/(\d+))?$/;

const NEW_REPOSITORY = '*.safetensors filter=lfs diff=lfs merge=lfs -text\n';

function parse<Value>(body: Uint8Array): Value {
  return JSON.parse(Buffer.from(body).toString('utf8')) as Value;
}

/** The right answers of the hub and its storage to what an upload sends; what they take is really stored. */
export class UploadAnswers {
  readonly #options: UploadAnswersOptions;
  /** Parts of objects on their way, by object, then by number. */
  readonly #parts = new Map<string, Map<number, Uint8Array>>();

  constructor(options: UploadAnswersOptions) {
    this.#options = options;
  }

  /** How a request to the hub is answered, where it belongs to an upload. */
  hub(request: IncomingMessage): Routed | undefined {
    if (request.method !== 'POST') return undefined;
    const { pathname } = new URL(request.url ?? '/', this.#options.endpoint);
    if (pathname === '/api/repos/create') {
      return { kind: 'create', answer: (body) => this.#create(request, parse(body)) };
    }
    const batch = BATCH.exec(pathname);
    if (batch !== null) {
      const answer = (body: Uint8Array): Answer =>
        this.#inRepository(request, batch[1]!, () => this.#batch(parse(body)));
      return { kind: 'large-file-batch', answer };
    }
    const [, name = '', call] = API.exec(pathname) ?? [];
    if (call === 'preupload') {
      return {
        kind: 'preupload',
        answer: (body) => this.#inRepository(request, name, () => this.#preupload(parse(body))),
      };
    }
    if (call !== 'commit') return undefined;
    const answer = (body: Uint8Array): Answer =>
      this.#inRepository(request, name, (repository) => this.#commit(repository, body));
    return { kind: 'commit', answer };
  }

  /** How a request to the storage is answered, where it brings an object or a part of one. */
  storage(request: IncomingMessage): Routed | undefined {
    if (request.method !== 'PUT' && request.method !== 'POST') return undefined;
    const { pathname } = new URL(request.url ?? '/', this.#options.storage);
    const [, oid = '', part] = OBJECT.exec(pathname) ?? [];
    const answer = (body: Uint8Array): Answer => {
      if (oid === '' || request.headers.authorization !== undefined) {
        return { status: 400, body: new TextEncoder().encode('Only one auth mechanism allowed') };
      }
      if (request.method === 'POST') return this.#complete(oid, parse(body));
      if (request.headers['content-length'] === undefined) return { status: 411 };
      return part === undefined ? this.#storeObject(oid, body) : this.#storePart(oid, Number(part), body);
    };
    return { kind: request.method === 'POST' ? 'large-file-completion' : 'large-file-upload', answer };
  }

  #tokenOf(request: IncomingMessage): string | undefined {
    return request.headers.authorization?.replace(/^Bearer /, '');
  }

  /** Why the request may not write under the owner's name; undefined where it may. */
  #refusal(request: IncomingMessage, owner: string, what: string): Answer | undefined {
    const token = this.#tokenOf(request);
    const owners = token === undefined ? undefined : this.#options.writers[token];
    if (token === undefined || token === 'expired') return failure(401, undefined, 'Invalid username or password.');
    if (owners === undefined) {
      return failure(403, undefined, 'Forbidden: you must use a write token to upload to a repository.');
    }
    if (owners.includes(owner)) return undefined;
    return failure(403, undefined, `You don't have the rights to ${what} under the namespace "${owner}".`);
  }

  #create(request: IncomingMessage, body: { organization: string; name: string; visibility?: string }): Answer {
    const name = `${body.organization}/${body.name}`;
    const refused = this.#refusal(request, body.organization, 'create a model');
    if (refused !== undefined) return refused;
    const url = `${this.#options.endpoint}/${name}`;
    if (this.#options.store.find('model', name) !== undefined) {
      return { ...json({ error: 'You already created this model repo', url }), status: 409 };
    }
    const token = body.visibility === 'private' ? this.#tokenOf(request) : undefined;
    const files = { '.gitattributes': NEW_REPOSITORY };
    this.#options.store.add({ name, files, ...(token === undefined ? {} : { token }) });
    return json({ url, id: name, name });
  }

  #inRepository(request: IncomingMessage, name: string, answer: (repository: StoredRepository) => Answer): Answer {
    const refused = this.#refusal(request, name.split('/')[0]!, 'write');
    if (refused !== undefined) return refused;
    const repository = this.#options.store.find('model', name);
    const isHidden = repository?.token !== undefined && repository.token !== this.#tokenOf(request);
    if (repository === undefined || isHidden) return failure(404, 'RepoNotFound', 'Repository not found');
    return answer(repository);
  }

  #preupload({ files }: { files: readonly { path: string; size: number }[] }): Answer {
    return json({
      files: files.map(({ path, size }) => ({
        path,
        uploadMode: isLargeFile(path, size) ? 'lfs' : 'regular',
        shouldIgnore: false,
      })),
    });
  }

  #batch({ objects }: { objects: readonly LargeObject[] }): Answer {
    const { store, storage, partBytes } = this.#options;
    const answers = objects.map(({ oid, size }) => {
      if (store.largeFile(oid) !== undefined) return { oid, size };
      const href = `${storage}/uploads/${oid}`;
      if (size <= partBytes) return { oid, size, actions: { upload: { href } } };
      const header: Record<string, string> = { chunk_size: String(partBytes) };
      for (let part = 1; part <= Math.ceil(size / partBytes); part++) {
        header[String(part).padStart(5, '0')] = `${href}/${part}`;
      }
      return { oid, size, actions: { upload: { href, header } } };
    });
    return json({ transfer: objects.some(({ size }) => size > partBytes) ? 'multipart' : 'basic', objects: answers });
  }

  #storeObject(oid: string, body: Uint8Array): Answer {
    if (createHash('sha256').update(body).digest('hex') !== oid) {
      return { status: 400, body: new TextEncoder().encode('XAmzContentSHA256Mismatch') };
    }
    this.#options.store.addObject(body);
    return { status: 200, headers: { etag: `"${oid.slice(0, 32)}"` } };
  }

  #storePart(oid: string, part: number, body: Uint8Array): Answer {
    const parts = this.#parts.get(oid) ?? new Map<number, Uint8Array>();
    this.#parts.set(oid, parts.set(part, body));
    return { status: 200, headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` } };
  }

  #complete(oid: string, { parts }: { parts: readonly { partNumber: number; etag: string }[] }): Answer {
    const stored = this.#parts.get(oid);
    const bytes = parts.map(({ partNumber }) => stored?.get(partNumber) ?? new Uint8Array(0));
    const matches = parts.every(({ etag }, i) => etag === `"${createHash('md5').update(bytes[i]!).digest('hex')}"`);
    if (!matches) return failure(400, undefined, 'Invalid part');
    this.#parts.delete(oid);
    return this.#storeObject(oid, Buffer.concat(bytes));
  }

  #commit(repository: StoredRepository, body: Uint8Array): Answer {
    const changes = new Map<string, FileChange>();
    for (const line of Buffer.from(body).toString('utf8').split('\n')) {
      const { key, value } = JSON.parse(line) as { key: string; value: Readonly<Record<string, string>> };
      const { path = '', content = '', oid = '' } = value;
      if (key === 'file') changes.set(path, Buffer.from(content, 'base64'));
      else if (key === 'lfsFile') changes.set(path, { sha256: oid });
      else if (key === 'deletedFile') changes.set(path, undefined);
    }
    try {
      const commitOid = this.#options.store.commit(repository, changes);
      const commitUrl = `${this.#options.endpoint}/${repository.name}/commit/${commitOid}`;
      return json({ success: true, commitOid, commitUrl, hookOutput: '' });
    } catch (error) {
      return failure(400, undefined, (error as Error).message);
    }
  }
}
