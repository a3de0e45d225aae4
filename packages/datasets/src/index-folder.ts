import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EmbedbagError, type JsonObject } from '@embedbag/core';
import type { ColumnMapping } from './column-roles.js';
import type { DatasetFile } from './dataset-files.js';
import type { DatasetIndex } from './dataset-index.js';
import type { IndexedBlock } from './index-collector.js';
import { isJsonRecord } from './json-lines.js';
import type { RowRange } from './split-slice.js';
import { systemErrorCode } from './system-error.js';

const MANIFEST_NAME = 'index.json';
const FORMAT = 1;

/** What an index was made with; another needs an index of its own. */
export interface IndexSettings {
  readonly columns: ColumnMapping | undefined;
  readonly quote: '"' | false | undefined;
  readonly allowEmptyTexts: boolean;
  readonly range: RowRange;
  readonly blockBytes: number;
}

/** A file as it was when the index was made. */
interface IndexedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** A file of numbers in the folder. */
interface NumberFile {
  readonly file: string;
  readonly values: number;
  readonly sha256: string;
}

/** What {@link MANIFEST_NAME} holds; it is written last. */
interface Manifest {
  readonly format: typeof FORMAT;
  readonly settings: JsonObject;
  readonly files: readonly IndexedFile[];
  readonly plan: DatasetIndex['plan'];
  readonly ignoredColumns: readonly string[];
  readonly textHashes: readonly NumberFile[];
  readonly counts?: NumberFile;
  readonly labels?: NumberFile & { readonly width: number };
  /** `[file, start, end, first, skipped, rows, bytes]` each. */
  readonly blocks: readonly (readonly number[])[];
}

/** The settings in JSON, which has no infinity. */
function settingsJson({ columns, quote, allowEmptyTexts, range, blockBytes }: IndexSettings): JsonObject {
  const { from, to } = range;
  const limits = { from, to: Number.isFinite(to) ? to : null, blockBytes };
  return { columns: columns ?? null, quote: quote ?? '"', allowEmptyTexts, ...limits };
}

/** Writes an index that {@link readIndex} can read to `folder`, which appears when it is whole. */
export async function writeIndex(
  folder: string,
  index: DatasetIndex,
  { files, settings }: { readonly files: readonly DatasetFile[]; readonly settings: IndexSettings },
): Promise<void> {
  const partial = `${folder}.partial`;
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const textHashes: NumberFile[] = [];
    for (const [column, hashes] of index.textHashes.entries()) {
      textHashes.push(await writeNumbers(partial, `column-${column}.u32`, hashes));
    }
    const { counts, labels } = index;
    const manifest: Manifest = {
      format: FORMAT,
      settings: settingsJson(settings),
      files: await Promise.all(files.map(fileAsItIs)),
      plan: index.plan,
      ignoredColumns: index.ignoredColumns,
      textHashes,
      ...(counts && { counts: await writeNumbers(partial, 'negatives.u16', counts) }),
      ...(labels && { labels: { ...(await writeNumbers(partial, 'labels.f32', labels.values)), width: labels.width } }),
      blocks: index.blocks.map(({ file, place, skipped, rows, sizeBytes }) => [
        file,
        place.start,
        place.end,
        place.first,
        skipped,
        rows,
        sizeBytes,
      ]),
    };
    await writeFile(join(partial, MANIFEST_NAME), `${JSON.stringify(manifest)}\n`);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw new EmbedbagError({
      code: 'file-not-writable',
      message: `Expected to write the index of the dataset to ${folder}, received ${systemErrorCode(error)}. Check that its parent folder can be written, and the space there.`,
      details: { path: folder, reason: systemErrorCode(error) },
      cause: error,
    });
  }
}

type Numbers = Uint32Array | Uint16Array | Float32Array;

async function writeNumbers(folder: string, file: string, values: Numbers): Promise<NumberFile> {
  await writeFile(join(folder, file), values);
  return { file, values: values.length, sha256: sha256Of(values) };
}

function sha256Of(values: Numbers): string {
  return createHash('sha256').update(values).digest('hex');
}

async function fileAsItIs({ path }: DatasetFile): Promise<IndexedFile> {
  const { size, mtimeMs } = await stat(path);
  return { name: basename(path), sizeBytes: size, modifiedMs: Math.floor(mtimeMs) };
}

/** An index that lies in a folder. */
export interface StoredIndex {
  /** How many files it is of. */
  readonly fileCount: number;
  /**
   * Reads it.
   *
   * @throws EmbedbagError `index-outdated` where it was made of other files or with other settings, `invalid-index`.
   */
  read(files: readonly DatasetFile[], settings: IndexSettings): Promise<DatasetIndex>;
}

/** The index in `folder`; undefined where there is none. @throws EmbedbagError `invalid-index`. */
export async function openIndex(folder: string): Promise<StoredIndex | undefined> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const manifest = await readManifest(folder);
  return {
    fileCount: manifest.files.length,
    async read(files, settings) {
      await checkUpToDate(folder, manifest, files, settings);
      return readParts(folder, manifest);
    },
  };
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST_NAME), 'utf8').catch((error: unknown) => {
    throw invalidIndex(folder, `a folder without \`${MANIFEST_NAME}\` (${systemErrorCode(error)})`);
  });
  try {
    const manifest: unknown = JSON.parse(text);
    if (isJsonRecord(manifest) && manifest.format === FORMAT) return manifest as unknown as Manifest;
  } catch {
    // Refused below.
  }
  throw invalidIndex(folder, `a \`${MANIFEST_NAME}\` that is damaged or of another version`);
}

async function checkUpToDate(
  folder: string,
  manifest: Manifest,
  files: readonly DatasetFile[],
  settings: IndexSettings,
): Promise<void> {
  const given = settingsJson(settings);
  for (const [name, value] of Object.entries(given)) {
    const made = manifest.settings[name];
    if (JSON.stringify(made) !== JSON.stringify(value)) {
      throw outdated(folder, `\`${name}\` ${JSON.stringify(made)}`, JSON.stringify(value));
    }
  }
  const now = await Promise.all(files.map(fileAsItIs));
  const words = ({ name, sizeBytes, modifiedMs }: IndexedFile): string =>
    `${name} of ${sizeBytes} bytes, changed at ${new Date(modifiedMs).toISOString()}`;
  for (let index = 0; index < Math.max(now.length, manifest.files.length); index++) {
    const [made, received] = [manifest.files[index], now[index]].map((file) =>
      file === undefined ? 'none' : words(file),
    );
    if (made !== received) throw outdated(folder, `the file ${made}`, `${received}`);
  }
}

async function readParts(folder: string, manifest: Manifest): Promise<DatasetIndex> {
  const { plan, ignoredColumns, counts, labels } = manifest;
  const textHashes: Uint32Array[] = [];
  for (const file of manifest.textHashes)
    textHashes.push(await readNumbers(folder, file, new Uint32Array(file.values)));
  return {
    plan,
    textHashes,
    counts: counts && (await readNumbers(folder, counts, new Uint16Array(counts.values))),
    labels: labels && {
      values: await readNumbers(folder, labels, new Float32Array(labels.values)),
      width: labels.width,
    },
    ignoredColumns,
    blocks: indexedBlocks(manifest),
  };
}

function indexedBlocks({ blocks }: Manifest): readonly IndexedBlock[] {
  let firstRow = 0;
  return blocks.map(([file = 0, start = 0, end = 0, first = 0, skipped = 0, rows = 0, sizeBytes = 0]) => {
    const block = { file, place: { start, end, first }, skipped, rows, firstRow, sizeBytes };
    firstRow += rows;
    return block;
  });
}

/** Reads a file of numbers into `values`, which has their number. */
async function readNumbers<T extends Numbers>(folder: string, file: NumberFile, values: T): Promise<T> {
  const path = join(folder, file.file);
  const bytes = new Uint8Array(values.buffer);
  try {
    const handle = await open(path, 'r');
    try {
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(bytes.length - at, 1 << 28), at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw invalidIndex(folder, `one without \`${file.file}\` (${systemErrorCode(error)})`);
  }
  if (sha256Of(values) === file.sha256) return values;
  throw invalidIndex(folder, `one whose \`${file.file}\` is damaged`);
}

function invalidIndex(folder: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-index',
    message: `Expected the index of a dataset at ${folder}, received ${received}. Delete the folder to have it made again, or name another.`,
    details: { path: folder },
  });
}

function outdated(folder: string, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'index-outdated',
    message: `Expected ${expected}, of which ${folder} is the index, received ${received}. Delete the folder to have it made again, or name another.`,
    details: { path: folder },
  });
}
