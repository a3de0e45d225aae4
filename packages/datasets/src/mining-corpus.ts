import { hashText, type TextDataset } from '@embedbag/core';
import type { TextColumn } from './text-column.js';
import { TextColumnBuilder } from './text-column.js';
import { TextNumbers } from './text-numbers.js';

/** The distinct texts that negatives are chosen from: those of the corpus in its order, then the positives not among them. */
export interface MiningCorpus {
  readonly count: number;
  /** By row of the dataset, the number of its positive in the corpus. */
  readonly positives: Int32Array;
  /** The texts with those numbers. */
  texts(numbers: ArrayLike<number>): Promise<string[]>;
}

/** Numbers the texts. The corpus is read once and kept as UTF-8; positives stay where the dataset has them. */
export async function miningCorpus(
  dataset: TextDataset,
  positiveColumn: number,
  corpus: Iterable<string> | AsyncIterable<string> | undefined,
  signal: AbortSignal | undefined,
): Promise<MiningCorpus> {
  const numbers = new TextNumbers();
  const own = await distinctTexts(corpus ?? [], numbers, signal);
  const hashes = dataset.textHashes(positiveColumn);
  const positives = new Int32Array(dataset.rowCount);
  const rows: number[] = [];
  for (let row = 0; row < dataset.rowCount; row++) {
    const before = numbers.count;
    positives[row] = numbers.numberOf(hashes[row * 2] as number, hashes[row * 2 + 1] as number);
    if (numbers.count > before) rows.push(row);
  }
  return {
    count: numbers.count,
    positives,
    async texts(wanted) {
      const missing = Array.from(wanted).filter((number) => number >= own.length);
      const ofDataset = await dataset.texts(
        positiveColumn,
        missing.map((number) => rows[number - own.length] as number),
      );
      let at = 0;
      return Array.from(wanted, (number) => (number < own.length ? own.get(number) : (ofDataset[at++] as string)));
    },
  };
}

async function distinctTexts(
  texts: Iterable<string> | AsyncIterable<string>,
  numbers: TextNumbers,
  signal: AbortSignal | undefined,
): Promise<TextColumn> {
  const builder = new TextColumnBuilder();
  const hash = { low: 0, high: 0 };
  for await (const text of texts) {
    signal?.throwIfAborted();
    hashText(text, hash);
    const before = numbers.count;
    numbers.numberOf(hash.low, hash.high);
    if (numbers.count > before) builder.append(text);
  }
  return builder.finish();
}
