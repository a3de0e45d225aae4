import type { Matrix, TextDataset } from '@embedbag/core';
import type { AnchorGroups } from './anchor-groups.js';
import type { TextEmbedder } from './embedded-texts.js';
import type { MiningCorpus } from './mining-corpus.js';
import type { MiningPlan } from './mining-options.js';
import { type CorpusPart, NearestTexts, SPARE_CANDIDATES } from './nearest-texts.js';

/** Memory of one part of the corpus, and of one of the anchors with what is found for them. */
const PART_BYTES = 2 ** 26;

/** Anchors, and the texts that are compared with them. */
export interface MiningSource {
  readonly dataset: TextDataset;
  readonly plan: MiningPlan;
  readonly corpus: MiningCorpus;
  readonly groups: AnchorGroups;
  /** How many of the nearest texts are looked at: the range, and as many as positives may take. */
  readonly wanted: number;
}

/** Some anchors after another with what is nearest to them. */
export interface AnchorPart {
  /** The first anchor. */
  readonly from: number;
  readonly count: number;
  readonly nearest: NearestTexts;
}

/** Compares all anchors with the corpus, some at a time. */
export async function* anchorParts(source: MiningSource, embedder: TextEmbedder): AsyncGenerator<AnchorPart> {
  const { dataset, plan, corpus, groups, wanted } = source;
  const { isKept, anchorsAtOnce, textsAtOnce } = partSizes(source, embedder.dimension);
  const passes = isKept ? 1 : Math.ceil(groups.count / anchorsAtOnce);
  const totalTexts = groups.count + corpus.count * passes;
  let texts = 0;
  const onTexts = (count: number): void => {
    texts += count;
    plan.onEvent?.({ type: 'texts-embedded', texts, totalTexts });
  };
  const parts = corpusParts(source, embedder, { rows: textsAtOnce, isKept, onTexts });
  const totalPairs = groups.count * corpus.count;
  let pairs = 0;
  for (let from = 0; from < groups.count; from += anchorsAtOnce) {
    const count = Math.min(anchorsAtOnce, groups.count - from);
    const rows = groups.rows.subarray(from, from + count);
    const textsOf = async (start: number, end: number): Promise<readonly string[]> =>
      dataset.texts(plan.anchor, rows.subarray(start, end));
    const anchors = await embedder.embed('query', count, textsOf, onTexts);
    const positives = Array.from({ length: count }, (_, i) => groups.positivesOf(from + i));
    const nearest = new NearestTexts(anchors, positives, wanted);
    for await (const part of parts()) {
      const onAnchors = (compared: number): void => {
        pairs += compared * part.embeddings.rows;
        plan.onEvent?.({ type: 'pairs-compared', pairs, totalPairs });
      };
      await nearest.compare(part, plan.kernels, onAnchors, plan.signal);
    }
    yield { from, count, nearest };
  }
}

/** How anchors and corpus are parted so that their embeddings keep within the memory for them. */
function partSizes({ plan, corpus, wanted }: MiningSource, dimension: number) {
  const { embeddingBytes } = plan;
  const textBytes = dimension * 4;
  const anchorBytes = textBytes + (wanted + SPARE_CANDIDATES) * 8;
  const isKept = corpus.count * textBytes <= embeddingBytes;
  const partBytes = Math.min(PART_BYTES, embeddingBytes / 2);
  return {
    isKept,
    textsAtOnce: Math.max(1, Math.floor(partBytes / textBytes)),
    anchorsAtOnce: Math.max(1, Math.floor((isKept ? PART_BYTES : embeddingBytes - partBytes) / anchorBytes)),
  };
}

interface PartSettings {
  /** Texts of a part. */
  readonly rows: number;
  readonly isKept: boolean;
  readonly onTexts: (count: number) => void;
}

/** Gives the corpus part by part, as often as it is called: embedded once and kept, or embedded anew. */
function corpusParts(
  { corpus }: MiningSource,
  embedder: TextEmbedder,
  { rows, isKept, onTexts }: PartSettings,
): () => AsyncGenerator<CorpusPart> {
  const kept = new Map<number, Matrix>();
  return async function* () {
    for (let first = 0; first < corpus.count; first += rows) {
      const textsOf = (from: number, to: number): Promise<string[]> =>
        corpus.texts(Int32Array.from({ length: to - from }, (_, i) => first + from + i));
      const embeddings =
        kept.get(first) ?? (await embedder.embed('document', Math.min(rows, corpus.count - first), textsOf, onTexts));
      if (isKept) kept.set(first, embeddings);
      yield { first, embeddings };
    }
  };
}
