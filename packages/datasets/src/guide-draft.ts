import { constants, type FileHandle, mkdir, open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { EmbedbagError, isEmbedbagError, type Matrix } from '@embedbag/core';
import {
  ARROW_FILE_START,
  type ArrowEmbeddingLayout,
  arrowEmbeddingLayout,
  arrowFileEnd,
  batchesEnd,
  recordBatchBytes,
} from './arrow-embedding-file.js';
import type { GuideBatch } from './guide-batches.js';
import { MANIFEST_NAME, manifestText, notAGuideFolder, type StoredGuideDataset } from './guide-folder.js';
import { type GuideWork, JOURNAL_NAME, journalStart, type KeptBatches, readJournal } from './guide-journal.js';
import { systemErrorCode } from './system-error.js';

const NEW_JOURNAL_NAME = `${JOURNAL_NAME}.new`;

/** Guide embeddings that are being made. */
export interface GuideDraft {
  /** Undefined until the first batch. */
  readonly layout: ArrowEmbeddingLayout | undefined;
  /** Batches that are whole on disk, in the order of `guideBatches`; those that an earlier call made, at first. */
  readonly batches: number;
  /** Adds the next batch. */
  append(batch: GuideBatch, matrix: Matrix): Promise<void>;
  /** Ends the files and gives the folder its name. */
  finish(folder: string): Promise<void>;
  /** Closes the files; what is whole stays for the next call. */
  close(): Promise<void>;
}

/**
 * The unfinished embeddings in `folder`, or new ones. What a stop or a damage has left in pieces is made anew.
 *
 * @throws EmbedbagError `guide-mismatch` where they are those of another guide or of other texts, which took their time,
 * `invalid-guide-folder` where something else lies there, `file-not-writable`.
 */
export async function openGuideDraft(folder: string, work: GuideWork): Promise<GuideDraft> {
  const names: readonly string[] = await readdir(folder).catch(() => []);
  const hasJournal = names.includes(JOURNAL_NAME);
  if (!hasJournal && names.some((name) => name !== NEW_JOURNAL_NAME)) {
    throw notAGuideFolder(folder, `one without \`${JOURNAL_NAME}\``);
  }
  const kept = hasJournal ? await readJournal(folder, work) : undefined;
  await writing(folder, async () => {
    if (kept === undefined || kept.checksums.length === 0) await removeFiles(folder);
    await rm(join(folder, NEW_JOURNAL_NAME), { force: true });
    await mkdir(folder, { recursive: true });
  });
  return new FolderGuideDraft(folder, work, kept);
}

/** Removes what is made here, and nothing else. */
async function removeFiles(folder: string): Promise<void> {
  const isOurs = (name: string): boolean =>
    name === MANIFEST_NAME || name === JOURNAL_NAME || /^dataset-\d+-column-\d+\.arrow$/.test(name);
  const names: readonly string[] = await readdir(folder).catch(() => []);
  for (const name of names.filter(isOurs)) await rm(join(folder, name));
}

class FolderGuideDraft implements GuideDraft {
  layout: ArrowEmbeddingLayout | undefined;
  batches: number;
  private readonly folder: string;
  private readonly work: GuideWork;
  private readonly kept: readonly number[];
  private journal: FileHandle | undefined;
  private column: { readonly file: string; readonly handle: FileHandle } | undefined;

  constructor(folder: string, work: GuideWork, kept: KeptBatches | undefined) {
    this.folder = folder;
    this.work = work;
    this.layout = kept?.layout;
    this.kept = kept?.checksums ?? [];
    this.batches = this.kept.length;
  }

  async append({ file, firstRow }: GuideBatch, matrix: Matrix): Promise<void> {
    this.layout ??= arrowEmbeddingLayout(matrix.columns);
    const bytes = recordBatchBytes(matrix, this.layout);
    const start = batchesEnd(this.layout, firstRow);
    await writing(this.folder, async () => {
      this.journal ??= await this.openJournal();
      const handle = await this.openColumn(file);
      await writeAll(handle, bytes, start);
      await this.journal.appendFile(checksumLine(crc32(bytes)));
    });
    this.batches += 1;
  }

  async finish(folder: string): Promise<void> {
    const { described, guide } = this.work;
    const layout = this.layout!;
    await this.close();
    const datasets: StoredGuideDataset[] = [];
    await writing(this.folder, async () => {
      for (const { name, rows, columns } of described) {
        const end = await arrowFileEnd(layout, rows);
        const start = batchesEnd(layout, rows);
        const sizeBytes = start + end.length;
        for (const { file } of columns) await finishFile(join(this.folder, file), { end, start });
        datasets.push({ name, rows, columns: columns.map((column) => ({ ...column, sizeBytes })) });
      }
      const { guideName, guideVersion } = guide;
      const version = guideVersion === undefined ? {} : { version: guideVersion };
      const text = manifestText({ guide: guideName, ...version, ...layout, datasets });
      await writeFile(join(this.folder, MANIFEST_NAME), text, { flush: true });
      await rename(this.folder, folder);
      await rm(join(folder, JOURNAL_NAME), { force: true });
    });
  }

  async close(): Promise<void> {
    await this.column?.handle.close();
    this.column = undefined;
    const journal = this.journal;
    this.journal = undefined;
    await journal?.close();
    // A folder without a whole batch has nothing worth keeping.
    if (this.batches > 0) return;
    await removeFiles(this.folder);
    await rmdir(this.folder).catch(() => undefined);
  }

  /** Written anew with what is kept, so that nothing of a damaged end stays. */
  private async openJournal(): Promise<FileHandle> {
    const { described, guide } = this.work;
    const path = join(this.folder, NEW_JOURNAL_NAME);
    const start = journalStart({ ...guide, layout: this.layout!, datasets: described });
    await writeFile(path, `${start}${this.kept.map(checksumLine).join('')}`);
    await rename(path, join(this.folder, JOURNAL_NAME));
    return open(join(this.folder, JOURNAL_NAME), 'a');
  }

  private async openColumn(file: string): Promise<FileHandle> {
    if (this.column?.file === file) return this.column.handle;
    await this.column?.handle.close();
    this.column = undefined;
    // Not emptied: of the first column after a stop, the batches before are there already.
    const handle = await open(join(this.folder, file), constants.O_RDWR | constants.O_CREAT);
    this.column = { file, handle };
    return handle;
  }
}

function checksumLine(checksum: number): string {
  return `${checksum.toString(16).padStart(8, '0')}\n`;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
  }
}

/** Writes the start of a file and its end, so that both outlast a power cut; what lay behind is gone. */
async function finishFile(
  path: string,
  { end, start }: { readonly end: Uint8Array; readonly start: number },
): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await writeAll(handle, ARROW_FILE_START, 0);
    await writeAll(handle, end, start);
    await handle.truncate(start + end.length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts what the system refuses while writing into words. */
async function writing(folder: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isEmbedbagError(error)) throw error;
    const reason = systemErrorCode(error);
    throw new EmbedbagError({
      code: 'file-not-writable',
      message: `Expected to write ${folder}, received ${reason}. Check that its disk has room and its parent folder can be written; what is whole in it is kept, and the same call goes on from there.`,
      details: { path: folder, reason },
      cause: error,
    });
  }
}
