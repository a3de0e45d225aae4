import { EmbedbagError } from '@embedbag/core';
import type { ColumnDataset } from './column-dataset.js';
import { LIST_ROLE } from './column-roles.js';
import { collectedDataset, textCollector } from './row-collector.js';

/** Settings of {@link collectRows}. */
export interface CollectRowsOptions {
  readonly name: string;
}

/**
 * Gathers rows that come one by one, such as those of `mineHardNegatives`, in a dataset. Texts are copied as UTF-8; labels are those of `label`, `labels`, `score` or `scores`.
 *
 * @throws EmbedbagError `no-rows`; `missing-column`, `missing-text`, `invalid-text`, `ragged-column`, `invalid-label` for rows that
 * are none of a dataset, as those of the format `labeled-list`.
 *
 * @example
 * ```ts
 * const triplets = await collectRows(mineHardNegatives(dataset, { encode, kernels }), { name: 'triplets' });
 * ```
 */
export async function collectRows(
  rows: Iterable<object> | AsyncIterable<object>,
  { name }: CollectRowsOptions,
): Promise<ColumnDataset> {
  const place = `the rows of dataset \`${name}\``;
  const collector = textCollector(undefined);
  let plan: ReturnType<typeof collector.begin> | undefined;
  let at = 0;
  for await (const each of rows) {
    const row = each as Readonly<Record<string, unknown>>;
    const names = Object.keys(row);
    plan ??= collector.begin({ path: place, unit: 'row' }, names);
    collector.notice(names, at);
    collector.add({
      textAt: (role) => row[role],
      negatives: row[plan.negatives ?? LIST_ROLE],
      label: row[plan.label ?? 'label'],
      at,
    });
    at += 1;
  }
  if (at === 0) {
    throw new EmbedbagError({
      code: 'no-rows',
      message: `Expected at least one row for dataset \`${name}\`, received none. Widen what chooses them.`,
      details: { dataset: name },
    });
  }
  return collectedDataset(collector, name);
}
