import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { LibraryText } from '@embedbag/cli';
import type { TextDataset, Tokenizer } from '@embedbag/core';
import {
  datasetFromColumns,
  pairsFromMarkdown,
  pairsFromTypeScript,
  type RetrievalData,
  type TextPairs,
} from '@embedbag/datasets';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';

const VOCABULARY_SIZE = 12_000;

/** Everything the recipe needs, made from packages that are installed anyway: no download. */
export interface EmbeddedData {
  readonly tokenizer: Tokenizer;
  readonly datasets: readonly TextDataset[];
  /** Held-out symbols as queries, all descriptions as documents. */
  readonly retrievalSets: readonly RetrievalData[];
  /** Texts to search, and the names of what they describe. */
  readonly documents: readonly LibraryText[];
}

/**
 * Reads the documentation inside the declaration files of TypeScript's library and of Node.js, and the guides of
 * commander, as (symbol, description) pairs, and trains a WordPiece vocabulary on the training half of them.
 */
export async function embeddedData(signal: AbortSignal): Promise<EmbeddedData> {
  const require = createRequire(import.meta.url);
  const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));
  const sources = [
    await pairsFromTypeScript([`${folderOf('typescript')}/lib`, folderOf('@types/node')], { signal }),
    await pairsFromMarkdown([dirname(require.resolve('commander')), folderOf('typescript')], { signal }),
  ];
  const train = merge(sources.map((source) => source.train));
  const heldOut = merge(sources.map((source) => source.heldOut));

  const corpus = new Map<string, string>();
  const queries = new Map<string, string>();
  const relevantDocs = new Map<string, ReadonlySet<string>>();
  for (const [row, text] of train.positives.entries()) corpus.set(`train-${row}`, text);
  for (const [row, text] of heldOut.positives.entries()) {
    corpus.set(`held-out-${row}`, text);
    queries.set(`query-${row}`, heldOut.anchors[row] ?? '');
    relevantDocs.set(`query-${row}`, new Set([`held-out-${row}`]));
  }
  const titles = [...train.titles, ...heldOut.titles];
  return {
    tokenizer: tokenizerFromJson(
      trainWordPiece([...train.anchors, ...train.positives], { vocabularySize: VOCABULARY_SIZE }),
    ),
    datasets: [
      datasetFromColumns({
        name: 'documentation',
        columns: { anchor: train.anchors, positive: train.positives },
      }),
    ],
    retrievalSets: [{ name: 'held-out symbols', queries, corpus, relevantDocs }],
    documents: [...corpus.values()].map((text, row) => ({ title: titles[row] ?? '', text })),
  };
}

function merge(parts: readonly TextPairs[]): TextPairs {
  return {
    anchors: parts.flatMap((part) => part.anchors),
    positives: parts.flatMap((part) => part.positives),
    titles: parts.flatMap((part) => part.titles),
  };
}
