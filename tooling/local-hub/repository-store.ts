import { createHash } from 'node:crypto';

/** A file of a repository as the hub knows it. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The SHA-1 by which git names the bytes, or the pointer that stands for them. */
  readonly oid: string;
  /** The SHA-256 of the bytes, for a file in large file storage. */
  readonly sha256?: string;
  /** The size of the pointer, for the same. */
  readonly pointerBytes?: number;
}

/** What a repository is made of. */
export interface RepositoryOptions {
  readonly type?: 'model' | 'dataset';
  /** Such as `owner/name`. */
  readonly name: string;
  /** By path; text is UTF-8. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** The branch, tag or reference that gets the files; `main` by default. */
  readonly revision?: string;
  /** Readable only with this token; everyone else hears of no such repository. */
  readonly token?: string;
  /** Readable only with this token by those who accepted its terms: everyone else is told so. */
  readonly gatedToken?: string;
}

/** A repository with its commits and the names that point to them. */
export interface StoredRepository {
  readonly type: 'model' | 'dataset';
  readonly name: string;
  readonly token: string | undefined;
  readonly gatedToken: string | undefined;
  /** By commit, then by path. */
  readonly commits: Map<string, ReadonlyMap<string, StoredFile>>;
  readonly revisions: Map<string, string>;
}

/** Files of these names are in large file storage, as the hub's default `.gitattributes` has it. */
const LARGE = /\.(safetensors|bin|parquet|arrow|gz|zst|npy)$/;

function sha1(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function gitOid(bytes: Uint8Array): string {
  return sha1(`blob ${bytes.byteLength}\0`, bytes);
}

/** Whether the hub wants the file in large file storage: by its name, or because it is larger than 10 MB. */
export function isLargeFile(path: string, sizeBytes: number): boolean {
  return LARGE.test(path) || sizeBytes > 10_000_000;
}

function storeFile(path: string, content: string | Uint8Array, isLarge: boolean): StoredFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  if (!isLarge) return { path, bytes, oid: gitOid(bytes) };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${bytes.byteLength}\n`;
  return { path, bytes, oid: gitOid(new TextEncoder().encode(pointer)), sha256, pointerBytes: pointer.length };
}

/** A change of one file in a commit: its new content, the name of an uploaded object, or undefined for none any more. */
export type FileChange = string | Uint8Array | { readonly sha256: string } | undefined;

/** The repositories of one local hub. */
export class RepositoryStore {
  readonly #repositories = new Map<string, StoredRepository>();
  /** What was uploaded to large file storage, by SHA-256. */
  readonly #objects = new Map<string, Uint8Array>();

  /** Adds files as a commit of their own to a repository, which is made where it is new; returns the commit. */
  add(options: RepositoryOptions): string {
    const { type = 'model', name, revision = 'main' } = options;
    const files = new Map<string, StoredFile>();
    for (const path of Object.keys(options.files).sort()) {
      files.set(path, storeFile(path, options.files[path] as string | Uint8Array, LARGE.test(path)));
    }
    const commit = sha1(type, name, ...[...files.values()].map((file) => `${file.path} ${file.oid}\n`));
    const known = this.find(type, name);
    const repository: StoredRepository = {
      type,
      name,
      token: options.token ?? known?.token,
      gatedToken: options.gatedToken ?? known?.gatedToken,
      commits: known?.commits ?? new Map(),
      revisions: known?.revisions ?? new Map(),
    };
    repository.commits.set(commit, files);
    repository.revisions.set(revision, commit);
    this.#repositories.set(`${type} ${name}`, repository);
    return commit;
  }

  /**
   * Adds a commit to `main` that changes these files and leaves the others; returns it. An object that was never uploaded
   * is refused.
   */
  commit(repository: StoredRepository, changes: ReadonlyMap<string, FileChange>): string {
    const parent = repository.revisions.get('main') ?? '';
    const files = new Map(repository.commits.get(parent));
    for (const [path, change] of changes) {
      if (change === undefined) files.delete(path);
      else files.set(path, this.#changedFile(path, change));
    }
    const sorted = new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
    const commit = sha1(parent, ...[...sorted.values()].map((file) => `${file.path} ${file.oid}\n`));
    repository.commits.set(commit, sorted);
    repository.revisions.set('main', commit);
    return commit;
  }

  #changedFile(path: string, change: string | Uint8Array | { readonly sha256: string }): StoredFile {
    if (typeof change === 'string' || change instanceof Uint8Array) return storeFile(path, change, false);
    const bytes = this.largeFile(change.sha256);
    if (bytes === undefined) throw new Error(`LFS pointer pointed to a file that does not exist: ${path}`);
    return storeFile(path, bytes, true);
  }

  /** Takes bytes into large file storage; returns their SHA-256. */
  addObject(bytes: Uint8Array): string {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.#objects.set(sha256, bytes);
    return sha256;
  }

  find(type: string, name: string): StoredRepository | undefined {
    return this.#repositories.get(`${type} ${name}`);
  }

  /** The commit that a branch, tag, reference or commit names. */
  commitOf(repository: StoredRepository, revision: string): string | undefined {
    return repository.revisions.get(revision) ?? (repository.commits.has(revision) ? revision : undefined);
  }

  /** The bytes in large file storage by their SHA-256. */
  largeFile(sha256: string): Uint8Array | undefined {
    const uploaded = this.#objects.get(sha256);
    if (uploaded !== undefined) return uploaded;
    for (const repository of this.#repositories.values()) {
      for (const files of repository.commits.values()) {
        for (const file of files.values()) if (file.sha256 === sha256) return file.bytes;
      }
    }
    return undefined;
  }
}
