import type { TextDataset } from '@embedbag/core';
import { describe, test } from 'vitest';
import { textDatasetChecks } from './text-dataset-checks.js';

/** What {@link testTextDataset} tests. */
export interface TestTextDatasetOptions {
  /** Stands in the title of the suite. */
  readonly name: string;
  /** Makes or reads the dataset, which has at least one row; every call must use the same source. */
  readonly create: () => TextDataset | Promise<TextDataset>;
}

/**
 * Registers a vitest suite that checks a dataset against its contract.
 *
 * Texts, labels and `valid` come for the rows that are asked for, in that order, also when a row is asked for twice; hashes
 * are those of `hashTexts`; all is the same when it is asked again and when the dataset is made again. Of a long dataset the
 * first 200 rows are looked at.
 *
 * @example
 * ```ts
 * testTextDataset({ name: 'my format', create: () => readMyFormat('fixtures/pairs.bin') });
 * ```
 */
export function testTextDataset({ name, create }: TestTextDatasetOptions): void {
  describe(`text dataset: ${name}`, () => {
    for (const check of textDatasetChecks) test(check.title, () => check.run({ create }));
  });
}
