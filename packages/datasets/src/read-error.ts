import { EmbedbagError } from '@embedbag/core';
import { isSystemError, systemErrorCode } from './system-error.js';

/** What to throw for `error`, which the file system gave when `path` was opened or read; any other error is given back. */
export function readError(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const code = systemErrorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return fileNotFound(path, 'a file');
  if (code === 'EISDIR') {
    return new EmbedbagError({
      code: 'not-a-file',
      message: `Expected a file at ${path}, received a folder. Name a file in it, or read all of them with \`readDatasets\`.`,
      details: { path },
    });
  }
  return new EmbedbagError({
    code: 'file-not-readable',
    message: `Expected a file that can be read at ${path}, received ${code}. Check its permissions and the disk.`,
    details: { path, reason: code },
    cause: error,
  });
}

/** The error for a path where `wanted`, such as `a file or a folder`, is not. */
export function fileNotFound(path: string, wanted: string): EmbedbagError {
  return new EmbedbagError({
    code: 'file-not-found',
    message: `Expected ${wanted} at ${path}, received a path that does not exist. Check the path.`,
    details: { path },
  });
}
