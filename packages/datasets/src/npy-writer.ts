import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { EmbedbagError } from '@embedbag/core';
import type { EmbeddingRows } from './embedding-rows.js';
import { NPY_HEADER_BYTES, type NpyShape, npyDescr, npyHeader, valueBytes } from './embeddings-to-npy.js';
import { systemErrorCode } from './system-error.js';

/** Writes a .npy file a few rows at a time. */
export interface NpyWriter {
  /** Rows written so far. */
  readonly rows: number;
  /** Appends rows; all must have the columns and the kind of values of the first. Await it before the next call. */
  write(matrix: EmbeddingRows): Promise<void>;
  /** Ends the file, which appears under its name only now. A second call does nothing. */
  close(): Promise<void>;
  /** Gives up and removes what was written; after `close` it does nothing. */
  discard(): Promise<void>;
}

/**
 * Opens `path` for embeddings that do not fit in memory together. Until `close` they lie in `<path>.partial`.
 *
 * @throws EmbedbagError `file-not-writable` here; `shape-mismatch` and `writer-closed` on `write`.
 *
 * @example
 * ```ts
 * const writer = await createNpyWriter('embeddings.npy');
 * await writer.write({ data: new Float32Array(6), rows: 2, columns: 3 });
 * await writer.close();
 * ```
 */
export async function createNpyWriter(path: string): Promise<NpyWriter> {
  const partialPath = `${path}.partial`;
  try {
    const file = await open(partialPath, 'w');
    await file.write(npyHeader({ descr: '<f4', rows: 0, columns: 0 }));
    return new FileNpyWriter(path, partialPath, file);
  } catch (error) {
    throw new EmbedbagError({
      code: 'file-not-writable',
      message: `Expected to write ${path}, received ${systemErrorCode(error)}. Check that its folder exists and can be written.`,
      details: { path, reason: systemErrorCode(error) },
      cause: error,
    });
  }
}

class FileNpyWriter implements NpyWriter {
  private shape: NpyShape | undefined;
  private readonly path: string;
  private readonly partialPath: string;
  private readonly file: FileHandle;
  private isOpen = true;

  constructor(path: string, partialPath: string, file: FileHandle) {
    this.path = path;
    this.partialPath = partialPath;
    this.file = file;
  }

  get rows(): number {
    return this.shape?.rows ?? 0;
  }

  async write(matrix: EmbeddingRows): Promise<void> {
    if (!this.isOpen) throw this.closedError();
    const descr = npyDescr(matrix);
    const shape = this.shape ?? { descr, rows: 0, columns: matrix.columns };
    if (shape.descr !== descr || shape.columns !== matrix.columns) throw this.mismatch(shape, matrix, descr);
    const bytes = valueBytes(matrix);
    let position = NPY_HEADER_BYTES + shape.rows * shape.columns * matrix.data.BYTES_PER_ELEMENT;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, position);
      done += bytesWritten;
      position += bytesWritten;
    }
    this.shape = { ...shape, rows: shape.rows + matrix.rows };
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    const header = npyHeader(this.shape ?? { descr: '<f4', rows: 0, columns: 0 });
    await this.file.write(header, 0, header.length, 0);
    await this.file.close();
    await rename(this.partialPath, this.path);
  }

  async discard(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.file.close();
    await rm(this.partialPath, { force: true });
  }

  private mismatch(shape: NpyShape, matrix: EmbeddingRows, descr: NpyShape['descr']): EmbedbagError {
    return new EmbedbagError({
      code: 'shape-mismatch',
      message: `Expected rows of ${shape.columns} ${shape.descr} values like those before, received ${matrix.columns} ${descr} values. Write one kind of embeddings to a file.`,
      details: { path: this.path, limit: shape.columns, received: matrix.columns },
    });
  }

  private closedError(): EmbedbagError {
    return new EmbedbagError({
      code: 'writer-closed',
      message: `Expected an open writer of ${this.path}, received a closed one. Write before \`close\` and \`discard\`.`,
      details: { path: this.path },
    });
  }
}
