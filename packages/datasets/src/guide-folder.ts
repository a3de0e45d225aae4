import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDatasets, EmbedbagError, type TextDataset } from '@embedbag/core';
import type { ArrowEmbeddingLayout } from './arrow-embedding-file.js';
import { isJsonRecord } from './json-lines.js';
import { systemErrorCode } from './system-error.js';

/** Says what lies in a folder of guide embeddings; written last. */
export const MANIFEST_NAME = 'guide.json';
const FORMAT = 2;

/** The embeddings of one text column. */
export interface GuideColumn {
  /** The Arrow file in the folder. */
  readonly file: string;
  /** SHA-256 of the hashes of all texts, in hexadecimal. */
  readonly textsSha256: string;
}

/** The embeddings of one dataset. */
export interface GuideDataset {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly GuideColumn[];
}

/** A {@link GuideDataset} whose files are whole. */
export interface StoredGuideDataset extends GuideDataset {
  readonly columns: readonly (GuideColumn & { readonly sizeBytes: number })[];
}

/** What {@link MANIFEST_NAME} holds. */
export interface GuideManifest extends ArrowEmbeddingLayout {
  readonly format: typeof FORMAT;
  readonly guide: string;
  readonly version?: string;
  readonly datasets: readonly StoredGuideDataset[];
}

/**
 * What a guide's embeddings of `datasets` should say of them, in files of their own.
 *
 * @throws EmbedbagError `no-dataset`, `empty-dataset`, `duplicate-dataset-name`.
 */
export function describeDatasets(datasets: readonly TextDataset[]): readonly GuideDataset[] {
  checkDatasets(datasets, ', by which its guide embeddings are found');
  return datasets.map((dataset, index) => ({
    name: dataset.name,
    rows: dataset.rowCount,
    columns: dataset.columns.map((_, column) => ({
      file: `dataset-${index}-column-${column}.arrow`,
      textsSha256: textsSha256(dataset, column),
    })),
  }));
}

function textsSha256(dataset: TextDataset, column: number): string {
  return createHash('sha256').update(dataset.textHashes(column)).digest('hex');
}

/** The text of {@link MANIFEST_NAME}. */
export function manifestText(manifest: Omit<GuideManifest, 'format'>): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`;
}

/** The manifest in `folder`, or undefined where there is no such folder. @throws EmbedbagError `invalid-guide-folder`. */
export async function readManifest(folder: string): Promise<GuideManifest | undefined> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const text = await readFile(join(folder, MANIFEST_NAME), 'utf8').catch((error: unknown) => {
    throw notAGuideFolder(folder, `one without \`${MANIFEST_NAME}\` (${systemErrorCode(error)})`);
  });
  const manifest = parsedOrNothing(text);
  if (isManifest(manifest)) return manifest;
  const isOther = isJsonRecord(manifest) && manifest.format !== FORMAT;
  throw notAGuideFolder(folder, `a \`${MANIFEST_NAME}\` ${isOther ? 'of another format' : 'that is damaged'}`);
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is GuideManifest {
  if (!isJsonRecord(value) || value.format !== FORMAT || typeof value.guide !== 'string') return false;
  const sizes = [value.dimension, value.rowsPerBatch, value.metadataBytes];
  if (!sizes.every((size) => Number.isSafeInteger(size) && (size as number) > 0)) return false;
  if (!['undefined', 'string'].includes(typeof value.version) || !Array.isArray(value.datasets)) return false;
  return value.datasets.every(
    (dataset: unknown) =>
      isJsonRecord(dataset) && Array.isArray(dataset.columns) && dataset.columns.every(isJsonRecord),
  );
}

/** The error for a folder that holds something else. */
export function notAGuideFolder(folder: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-guide-folder',
    message: `Expected ${folder} to be a folder that \`writeGuideEmbeddings\` made, received ${received}. Name another folder.`,
    details: { folder },
  });
}

/** The error for a folder of other embeddings than those that are wanted. */
export function guideMismatch(folder: string, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected the guide embeddings in ${folder} to be those of ${expected}, received ${received}. Write them anew into another folder, or remove this one.`,
    details: { folder, expected, received },
  });
}

/** Which guide is wanted: any where no name is given, any version where none is. */
export interface WantedGuide {
  readonly guideName?: string | undefined;
  readonly guideVersion?: string | undefined;
}

/**
 * Checks that embeddings are those of the guide that is wanted.
 *
 * @throws EmbedbagError `guide-mismatch`.
 */
export function checkGuideName(
  folder: string,
  { guide, version }: Pick<GuideManifest, 'guide' | 'version'>,
  { guideName, guideVersion }: WantedGuide,
): void {
  if (guideName !== undefined && guideName !== guide) {
    throw guideMismatch(folder, `guide \`${guideName}\``, `those of \`${guide}\``);
  }
  if (guideVersion === undefined || guideVersion === version) return;
  throw guideMismatch(folder, `guide \`${guide}\` as it is now`, 'those of another version of it');
}

/** Checks one dataset of a folder. @throws EmbedbagError `guide-mismatch`. */
export function checkGuideDataset<Stored extends GuideDataset>(
  folder: string,
  stored: readonly Stored[],
  dataset: TextDataset,
): Stored {
  const { name, rowCount: rows, columns } = dataset;
  const found = stored.find((one) => one.name === name);
  if (found === undefined) {
    const names = stored.map((one) => `\`${one.name}\``).join(', ');
    throw guideMismatch(folder, `dataset \`${name}\``, `those of ${names || 'no dataset'}`);
  }
  if (found.rows !== rows || found.columns.length !== columns.length) {
    const size = (count: number, width: number): string => `${count} rows in ${width} columns`;
    const received = size(found.rows, found.columns.length);
    throw guideMismatch(folder, `dataset \`${name}\` with ${size(rows, columns.length)}`, received);
  }
  for (const [column, { textsSha256: sha256 }] of found.columns.entries()) {
    if (sha256 === textsSha256(dataset, column)) continue;
    throw guideMismatch(folder, `the texts in column ${column} of dataset \`${name}\``, 'those of other texts');
  }
  return found;
}

/**
 * Checks that a folder holds embeddings of `datasets`, and of the guide that is wanted.
 *
 * @throws EmbedbagError `guide-mismatch`.
 */
export async function checkManifest(
  folder: string,
  manifest: GuideManifest,
  datasets: readonly TextDataset[],
  wanted: WantedGuide,
): Promise<void> {
  checkGuideName(folder, manifest, wanted);
  for (const dataset of datasets) {
    const { rows, columns } = checkGuideDataset(folder, manifest.datasets, dataset);
    for (const { file, sizeBytes } of columns) {
      const received = await stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      );
      if (received === sizeBytes) continue;
      throw guideMismatch(folder, `${rows} rows in \`${file}\`, ${sizeBytes} bytes`, `${received} bytes`);
    }
  }
}
