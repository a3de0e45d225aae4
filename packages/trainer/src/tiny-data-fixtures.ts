/** What the tests of this package train on; no part of the package. */
import { hashTexts, type Kernels, TEXT_DATASET_CONTRACT, type TextDataset } from '@embedbag/core';
import { datasetFromColumns } from '@embedbag/datasets';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';

const WORDS = 'red green blue stone river cloud bread horse paper lamp glass wheel north south early late'.split(' ');

/** The `i`-th of 3,840 distinct pairs: an anchor and a positive that share two words. */
export function pair(i: number): readonly [string, string] {
  const word = (n: number): string => WORDS[n % WORDS.length]!;
  const [a, b, c] = [word(i), word(i * 7 + Math.floor(i / 16)), word(i * 3 + Math.floor(i / 256))];
  return [`${a} ${b} ${c} ${i}`, `${c} and ${a} ${i + 5000}`];
}

/** A dataset of any columns, also of those that `datasetFromColumns` refuses. */
export function memoryDataset(name: string, columns: Readonly<Record<string, readonly string[]>>): TextDataset {
  const texts = Object.values(columns);
  const hashes = texts.map(hashTexts);
  return {
    contract: TEXT_DATASET_CONTRACT,
    name,
    rowCount: texts[0]!.length,
    columns: Object.keys(columns),
    texts: (column, rows) => Array.from(rows, (row) => texts[column]![row]!),
    textHashes: (column) => hashes[column]!,
  };
}

/** `count` pairs from number `first` on. */
export function pairsDataset(name: string, count: number, first = 0): TextDataset {
  const pairs = Array.from({ length: count }, (_, i) => pair(first + i));
  const anchor = pairs.map(([text]) => text);
  const positive = pairs.map(([, text]) => text);
  return datasetFromColumns({ name, columns: { anchor, positive } });
}

/** A model with the same table at every call; the kernels stay the caller's. */
export function tinyModel(kernels: Kernels, dimension = 8): Promise<StaticEmbedding> {
  const texts = Array.from({ length: 200 }, (_, i) => pair(i).join(' '));
  const tokenizer = tokenizerFromJson(trainWordPiece(texts, { vocabularySize: 150 }));
  return StaticEmbedding.create({ tokenizer, dimension, seed: 7, kernels });
}
