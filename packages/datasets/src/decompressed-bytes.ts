import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { EmbedbagError } from '@embedbag/core';
import type { Compression } from './dataset-format.js';
import { type ByteSource, fileBytes } from './source-blocks.js';

/** How a file begins that is compressed as a whole. */
const MAGIC: readonly { readonly compression: Compression; readonly extension: string; readonly bytes: Buffer }[] = [
  { compression: 'gzip', extension: '.gz', bytes: Buffer.from([0x1f, 0x8b]) },
  { compression: 'zstd', extension: '.zst', bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
];

/**
 * The bytes of the text file `path`, in pieces, after undoing `compression`.
 *
 * @throws EmbedbagError `file-not-found`, `not-a-file`, `cut-file` for a compressed file that ends early, `invalid-compression`
 * for one that is not of that kind or is damaged, `unexpected-compression` for a compressed file that should be plain.
 */
export function decompressedBytes(
  path: string,
  compression: Compression | undefined,
  signal: AbortSignal | undefined,
): ByteSource {
  const bytes = fileBytes(path, signal);
  if (compression === 'gzip') return transformed(bytes, zlib.createGunzip(), { path, compression });
  if (compression === 'zstd') return zstdBytes(bytes, path);
  return plainBytes(bytes, path);
}

interface CompressedFile {
  readonly path: string;
  readonly compression: Compression;
}

async function* plainBytes(source: ByteSource, path: string): ByteSource {
  let isStart = true;
  for await (const chunk of source) {
    if (isStart && typeof chunk !== 'string') refuseCompressed(chunk, path);
    isStart = false;
    yield chunk;
  }
}

function refuseCompressed(chunk: Uint8Array, path: string): void {
  const found = MAGIC.find(({ bytes }) => bytes.equals(chunk.subarray(0, bytes.length)));
  if (found === undefined) return;
  throw new EmbedbagError({
    code: 'unexpected-compression',
    message: `Expected text in ${path}, received ${found.compression} data. Name the file ${path}${found.extension}.`,
    details: { path, compression: found.compression },
  });
}

async function* transformed(source: ByteSource, transform: Transform, file: CompressedFile): ByteSource {
  const done = pipeline(Readable.from(source, { objectMode: false }), transform).catch((error: unknown) => error);
  try {
    yield* transform as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw compressionError(error, file);
  } finally {
    transform.destroy();
    await done;
  }
}

/** By Node.js where it can, which checks the checksum too; Node.js 20 cannot. */
async function* zstdBytes(source: ByteSource, path: string): ByteSource {
  const file: CompressedFile = { path, compression: 'zstd' };
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (createZstdDecompress !== undefined) return yield* transformed(source, createZstdDecompress(), file);
  const { Decompress } = await import('fzstd');
  const pieces: Uint8Array[] = [];
  const stream = new Decompress((piece) => pieces.push(piece));
  const push = (bytes: Uint8Array, isLast: boolean): void => {
    try {
      stream.push(bytes, isLast);
    } catch (error) {
      throw compressionError(error, file);
    }
  };
  let isEmpty = true;
  for await (const chunk of source) {
    isEmpty = false;
    push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, false);
    yield* pieces.splice(0);
  }
  if (isEmpty) throw cutFile(file);
  push(new Uint8Array(0), true);
  yield* pieces.splice(0);
}

/** Codes of zlib and of fzstd for input that ends early. */
const CUT_CODES: readonly unknown[] = ['Z_BUF_ERROR', 'ZSTD_error_srcSize_wrong', 5];

function compressionError(error: unknown, { path, compression }: CompressedFile): unknown {
  if (!(error instanceof Error) || error instanceof EmbedbagError || error.name === 'AbortError') return error;
  if (CUT_CODES.includes((error as { code?: unknown }).code)) {
    return cutFile({ path, compression }, error);
  }
  return new EmbedbagError({
    code: 'invalid-compression',
    message: `Expected ${compression} data in ${path}, received bytes that are not (${error.message}). Check its extension, or download it again.`,
    details: { path, reason: error.message },
    cause: error,
  });
}

function cutFile({ path, compression }: CompressedFile, cause?: unknown): EmbedbagError {
  return new EmbedbagError({
    code: 'cut-file',
    message: `Expected a whole ${compression} file at ${path}, received one that ends early. Copy or download it again.`,
    details: { path },
    cause,
  });
}
