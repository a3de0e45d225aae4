import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ListedFile } from './tree-listing.js';

/** What the bytes of a file must hash to, and how. */
export interface ExpectedDigest {
  readonly algorithm: 'SHA-256' | 'git SHA-1';
  readonly value: string;
}

/** The name of a file's blob in the cache, which is its hash: of the bytes themselves, or with git's header. */
export function expectedDigest(file: ListedFile): ExpectedDigest {
  return file.sha256 === undefined
    ? { algorithm: 'git SHA-1', value: file.gitOid }
    : { algorithm: 'SHA-256', value: file.sha256 };
}

/** A hash that grows with the bytes. */
export interface BlobDigest {
  update(bytes: Uint8Array): void;
  /** The hash in hexadecimal; ends the digest. */
  value(): string;
}

/** Begins the hash of a file; git puts the size in front, so it is known before the bytes. */
export function blobDigest(file: ListedFile): BlobDigest {
  const hash = createHash(file.sha256 === undefined ? 'sha1' : 'sha256');
  if (file.sha256 === undefined) hash.update(`blob ${file.sizeBytes}\0`);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    value: () => hash.digest('hex'),
  };
}

/** The hash of what lies at `path` so far, to go on from. */
export async function digestOfFile(file: ListedFile, path: string, signal?: AbortSignal): Promise<BlobDigest> {
  const digest = blobDigest(file);
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20, signal })) digest.update(bytes as Buffer);
  return digest;
}
