import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type TextDataset } from '@embedbag/core';
import { NPY_HEADER_BYTES } from './embeddings-to-npy.js';
import { isJsonRecord } from './json-lines.js';
import { systemErrorCode } from './system-error.js';

/** Says what lies in a folder of guide embeddings; written last. */
export const MANIFEST_NAME = 'guide.json';
const FORMAT = 1;

/** The embeddings of one text column. */
export interface GuideColumn {
  /** The .npy file in the folder. */
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

/** What {@link MANIFEST_NAME} holds. */
export interface GuideManifest {
  readonly format: typeof FORMAT;
  readonly guide: string;
  readonly dimension: number;
  readonly datasets: readonly GuideDataset[];
}

/** What a guide's embeddings of `datasets` should say of them, in files of their own. */
export function describeDatasets(datasets: readonly TextDataset[]): GuideDataset[] {
  return datasets.map((dataset, index) => ({
    name: dataset.name,
    rows: dataset.rowCount,
    columns: dataset.columns.map((_, column) => ({
      file: `dataset-${index}-column-${column}.npy`,
      textsSha256: createHash('sha256').update(dataset.textHashes(column)).digest('hex'),
    })),
  }));
}

/** The text of {@link MANIFEST_NAME}. */
export function manifestText(guide: string, dimension: number, datasets: readonly GuideDataset[]): string {
  const manifest: GuideManifest = { format: FORMAT, guide, dimension, datasets };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
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
  if (isJsonRecord(manifest) && manifest.format === FORMAT) return manifest as unknown as GuideManifest;
  throw notAGuideFolder(folder, `a \`${MANIFEST_NAME}\` of another format`);
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notAGuideFolder(folder: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'invalid-guide-folder',
    message: `Expected ${folder} to be a folder that \`writeGuideEmbeddings\` made, received ${received}. Name another folder.`,
    details: { folder },
  });
}

function mismatch(folder: string, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected the guide embeddings in ${folder} to be those of ${expected}, received ${received}. Write them anew into another folder, or remove this one.`,
    details: { folder },
  });
}

/**
 * Checks that a folder holds embeddings of `datasets`, and of the guide `guideName` where one is named.
 *
 * @throws EmbedbagError `guide-mismatch`.
 */
export async function checkManifest(
  folder: string,
  manifest: GuideManifest,
  datasets: readonly TextDataset[],
  guideName: string | undefined,
): Promise<void> {
  if (guideName !== undefined && guideName !== manifest.guide) {
    throw mismatch(folder, `guide \`${guideName}\``, `those of \`${manifest.guide}\``);
  }
  for (const { name, rows, columns } of describeDatasets(datasets)) {
    const stored = manifest.datasets.find((dataset) => dataset.name === name);
    if (stored === undefined) {
      const names = manifest.datasets.map((dataset) => `\`${dataset.name}\``).join(', ');
      throw mismatch(folder, `dataset \`${name}\``, `those of ${names || 'no dataset'}`);
    }
    if (stored.rows !== rows || stored.columns.length !== columns.length) {
      const size = (count: number, width: number): string => `${count} rows in ${width} columns`;
      const received = size(stored.rows, stored.columns.length);
      throw mismatch(folder, `dataset \`${name}\` with ${size(rows, columns.length)}`, received);
    }
    for (const [column, { file, textsSha256 }] of stored.columns.entries()) {
      if (textsSha256 !== columns[column]!.textsSha256) {
        throw mismatch(folder, `the texts in column ${column} of dataset \`${name}\``, 'those of other texts');
      }
      const expected = NPY_HEADER_BYTES + rows * manifest.dimension * 4;
      const received = await stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      );
      if (received !== expected) {
        throw mismatch(folder, `${rows} rows in \`${file}\`, ${expected} bytes`, `${received} bytes`);
      }
    }
  }
}
