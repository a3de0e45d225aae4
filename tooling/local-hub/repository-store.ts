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

function storeFile(path: string, content: string | Uint8Array): StoredFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  if (!LARGE.test(path)) return { path, bytes, oid: gitOid(bytes) };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${bytes.byteLength}\n`;
  return { path, bytes, oid: gitOid(new TextEncoder().encode(pointer)), sha256, pointerBytes: pointer.length };
}

/** The repositories of one local hub. */
export class RepositoryStore {
  readonly #repositories = new Map<string, StoredRepository>();

  /** Adds files as a commit of their own to a repository, which is made where it is new; returns the commit. */
  add(options: RepositoryOptions): string {
    const { type = 'model', name, revision = 'main' } = options;
    const files = new Map<string, StoredFile>();
    for (const path of Object.keys(options.files).sort()) {
      files.set(path, storeFile(path, options.files[path] as string | Uint8Array));
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

  find(type: string, name: string): StoredRepository | undefined {
    return this.#repositories.get(`${type} ${name}`);
  }

  /** The commit that a branch, tag, reference or commit names. */
  commitOf(repository: StoredRepository, revision: string): string | undefined {
    return repository.revisions.get(revision) ?? (repository.commits.has(revision) ? revision : undefined);
  }

  /** The bytes in large file storage by their SHA-256. */
  largeFile(sha256: string): Uint8Array | undefined {
    for (const repository of this.#repositories.values()) {
      for (const files of repository.commits.values()) {
        for (const file of files.values()) if (file.sha256 === sha256) return file.bytes;
      }
    }
    return undefined;
  }
}
