import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { EmbedbagError, type TextDataset } from '@embedbag/core';
import { type ArrowEmbeddingLayout, arrowEmbeddingLayout, batchesEnd } from './arrow-embedding-file.js';
import { guideBatches } from './guide-batches.js';
import {
  checkGuideDataset,
  checkGuideName,
  type GuideDataset,
  guideMismatch,
  type WantedGuide,
} from './guide-folder.js';
import { isJsonRecord } from './json-lines.js';
import { openRandomAccessFile, type RandomAccessFile } from './random-access-file.js';

/** Its first line says what is being made; every further one is the CRC-32 of the next record batch, once that is written. */
export const JOURNAL_NAME = 'guide-progress.txt';

interface JournalStart extends WantedGuide {
  readonly guideName: string;
  readonly layout: ArrowEmbeddingLayout;
  readonly datasets: readonly GuideDataset[];
}

/** The first line of a journal. */
export function journalStart({ guideName, guideVersion, layout, datasets }: JournalStart): string {
  return `${JSON.stringify({ guideName, guideVersion, layout, datasets })}\n`;
}

/** Throws `guide-unfinished` where there is no `folder`, but an unfinished one. */
export async function checkGuideIsFinished(folder: string): Promise<void> {
  const isThere = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  if ((await isThere(folder)) || !(await isThere(join(`${folder}.partial`, JOURNAL_NAME)))) return;
  throw new EmbedbagError({
    code: 'guide-unfinished',
    message: `Expected whole guide embeddings in ${folder}, received unfinished ones in ${folder}.partial. Go on with \`writeGuideEmbeddings\`, or the command \`embedbag guide\`, as they were begun.`,
    details: { folder },
  });
}

/** What of unfinished embeddings is whole. */
export interface KeptBatches {
  readonly layout: ArrowEmbeddingLayout;
  /** Of the whole batches, in their order. */
  readonly checksums: readonly number[];
  /** The files that hold them. */
  readonly files: readonly string[];
}

/** What is to be made. */
export interface GuideWork {
  readonly guide: WantedGuide & { readonly guideName: string };
  readonly datasets: readonly TextDataset[];
  readonly described: readonly GuideDataset[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Which batches of the unfinished embeddings in `folder` are whole; undefined where the journal is damaged at its start.
 *
 * @throws EmbedbagError `guide-mismatch`.
 */
export async function readJournal(folder: string, work: GuideWork): Promise<KeptBatches | undefined> {
  const [first = '', ...lines] = (await readFile(join(folder, JOURNAL_NAME), 'utf8')).split('\n');
  const start = parsedStart(first);
  if (start === undefined) return undefined;
  checkStart(folder, start, work);
  // The last line has no line end, and may be cut.
  const checksums = lines.slice(0, -1).map((line) => Number.parseInt(line, 16));
  return { layout: start.layout, ...(await wholeBatches(folder, start, checksums, work.signal)) };
}

function parsedStart(line: string): JournalStart | undefined {
  try {
    const start: unknown = JSON.parse(line);
    return isJsonRecord(start) && isJsonRecord(start.layout) ? (start as unknown as JournalStart) : undefined;
  } catch {
    return undefined;
  }
}

function checkStart(folder: string, start: JournalStart, { guide, datasets, described }: GuideWork): void {
  const { guideName, guideVersion } = start;
  checkGuideName(folder, { guide: guideName, ...(guideVersion !== undefined && { version: guideVersion }) }, guide);
  for (const dataset of datasets) checkGuideDataset(folder, start.datasets, dataset);
  if (JSON.stringify(start.datasets) !== JSON.stringify(described)) {
    const names = (list: readonly GuideDataset[]): string => list.map(({ name }) => `\`${name}\``).join(', ');
    throw guideMismatch(folder, `the datasets ${names(described)}, in this order`, `those of ${names(start.datasets)}`);
  }
  const { layout } = start;
  if (JSON.stringify(layout) === JSON.stringify(arrowEmbeddingLayout(layout.dimension))) return;
  throw guideMismatch(folder, 'files as they are written now', 'those of another version of embedbag');
}

async function wholeBatches(
  folder: string,
  { layout, datasets }: JournalStart,
  checksums: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Pick<KeptBatches, 'checksums' | 'files'>> {
  const files: string[] = [];
  let open: RandomAccessFile | undefined;
  let count = 0;
  try {
    for (const { file, firstRow, rows } of guideBatches(datasets, layout.rowsPerBatch)) {
      if (count === checksums.length) break;
      signal?.throwIfAborted();
      if (firstRow === 0) {
        await open?.close();
        open = await openRandomAccessFile(join(folder, file)).catch(() => undefined);
      }
      if (open === undefined) break;
      const bytes = await open.read(batchesEnd(layout, firstRow), batchesEnd(layout, firstRow + rows));
      if (crc32(bytes) !== checksums[count]) break;
      if (firstRow === 0) files.push(file);
      count += 1;
    }
  } finally {
    await open?.close();
  }
  return { checksums: checksums.slice(0, count), files };
}
