import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedbagError, type TextDataset, type TextGuide } from '@embedbag/core';
import { ROWS_PER_BATCH } from './arrow-embedding-file.js';
import { embedGuideBatch, guideSources } from './embed-guide-batch.js';
import { guideBatches, textCount } from './guide-batches.js';
import { openGuideDraft } from './guide-draft.js';
import { checkManifest, describeDatasets, readManifest } from './guide-folder.js';
import { JOURNAL_NAME } from './guide-journal.js';
import { createTextPositions } from './text-positions.js';

/** How far {@link writeGuideEmbeddings} is. */
export interface GuideProgress {
  /** Texts whose embeddings are on disk, of all columns and datasets. */
  readonly texts: number;
  readonly totalTexts: number;
  /** Of `texts`, those that an earlier call had done before it was stopped. */
  readonly keptTexts: number;
  /** Texts that this call asked the guide for; others are there already under another row, or are no texts. */
  readonly askedTexts: number;
}

/** What {@link writeGuideEmbeddings} takes. */
export interface WriteGuideEmbeddingsOptions {
  readonly datasets: readonly TextDataset[];
  /** Gives one embedding a text; a model of ours by `guideFromModel`, or a function that asks any other. */
  readonly guide: TextGuide;
  /** Tells this guide from others; give a changed guide another name. */
  readonly guideName: string;
  /** Tells versions of a guide of one name apart, such as a hash of its files. Default: there is but one. */
  readonly guideVersion?: string;
  /** Most texts the guide gets at a time, up to 512. Default: 256. */
  readonly batchSize?: number;
  /** Ends the work after the texts that are under way; what is on disk by then stays for the next call. */
  readonly signal?: AbortSignal;
  /** Is told after every 512 texts of a column, and at the start where an earlier call did some. */
  readonly onProgress?: (progress: GuideProgress) => void;
}

/**
 * Makes a guide's embeddings of every text of `datasets` once and keeps them in `folder`, for `guideFromFolder`.
 *
 * A folder that already holds them is left as it is, so a program may call this at each start. Each text column becomes an Arrow IPC
 * file with a column `embedding`, `FixedSizeList<Float32>[dimension]`; beside them lies `guide.json` with the guide's name and the
 * hashes of the texts. Until all is done they lie in `<folder>.partial`. A call that was stopped, by the signal, a kill, an error
 * of the guide or a full disk, leaves what was done there, and the next one with the same datasets and names goes on from it to the
 * same bytes.
 *
 * A text that occurs several times is asked for once, as far as it is found among some 4 million texts; a row without a text, of
 * ragged negatives, gets zeros. In memory are 64 MiB at most for that and the embeddings of 512 texts.
 *
 * @throws EmbedbagError `guide-mismatch` when the folder, or its unfinished one, holds those of another guide or of other data,
 * `invalid-guide-folder` when it holds something else, `guide-shape`, `guide-not-finite`, `no-dataset`, `empty-dataset`,
 * `duplicate-dataset-name`, `invalid-batch-size`, `file-not-writable`.
 *
 * @example
 * ```ts
 * const guide = guideFromModel(await StaticEmbedding.load('first-run/final'));
 * await writeGuideEmbeddings('guide', { datasets, guide, guideName: 'first-run' });
 * ```
 */
export async function writeGuideEmbeddings(folder: string, options: WriteGuideEmbeddingsOptions): Promise<void> {
  const { datasets, guideName, guideVersion, batchSize = 256, signal } = options;
  checkBatchSize(batchSize);
  signal?.throwIfAborted();
  const wanted = { guideName, guideVersion };
  const manifest = await readManifest(folder);
  if (manifest !== undefined) {
    await checkManifest(folder, manifest, datasets, wanted);
    await rm(join(folder, JOURNAL_NAME), { force: true });
    return;
  }
  const described = describeDatasets(datasets);
  const partial = `${folder}.partial`;
  const draft = await openGuideDraft(partial, { guide: wanted, datasets, described, signal });
  try {
    const totalTexts = textCount(described);
    const positions = createTextPositions(totalTexts);
    const keptBatches = draft.batches;
    let keptTexts = 0;
    let askedTexts = 0;
    let texts = 0;
    let batches = 0;
    for (const batch of guideBatches(described, ROWS_PER_BATCH)) {
      const sources = guideSources(batch, datasets[batch.dataset]!, positions);
      if (batches >= keptBatches) {
        const { layout } = draft;
        const settings = { folder: partial, datasets, described, guide: options.guide, batchSize, layout, signal };
        await draft.append(batch, await embedGuideBatch(batch, sources, settings));
        askedTexts += sources.reduce((sum, source, index) => sum + Number(source === batch.position + index), 0);
      }
      batches += 1;
      texts += batch.rows;
      if (batches <= keptBatches) keptTexts = texts;
      if (batches >= keptBatches) options.onProgress?.({ texts, totalTexts, keptTexts, askedTexts });
    }
    await draft.finish(folder);
  } finally {
    await draft.close();
  }
}

function checkBatchSize(batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize > 0 && batchSize <= ROWS_PER_BATCH) return;
  throw new EmbedbagError({
    code: 'invalid-batch-size',
    message: `Expected \`batchSize\` to be a whole number from 1 to ${ROWS_PER_BATCH}, received ${batchSize}. Leave it out for 256.`,
    details: { limit: ROWS_PER_BATCH, received: batchSize },
  });
}
