import { EmbedbagError } from './embedbag-error.js';
import type { TextDataset } from './text-dataset.js';

/**
 * Throws `no-dataset`, and what {@link checkRowsAndNames} throws.
 *
 * @param nameUse Goes on in "a name of its own" where a name is needed for something in particular.
 */
export function checkDatasets(datasets: readonly TextDataset[], nameUse = ''): void {
  if (datasets.length === 0) {
    throw new EmbedbagError({
      code: 'no-dataset',
      message: 'Expected `datasets` to hold at least one dataset, received none. Read one with `readDataset`.',
    });
  }
  checkRowsAndNames(datasets, nameUse);
}

/** Throws `empty-dataset` for one without rows and `duplicate-dataset-name` for two of one name. */
export function checkRowsAndNames(datasets: readonly TextDataset[], nameUse = ''): void {
  const names = new Set<string>();
  for (const { name, rowCount } of datasets) {
    if (rowCount === 0) {
      throw new EmbedbagError({
        code: 'empty-dataset',
        message: `Expected dataset \`${name}\` to have rows, received none. Leave it out.`,
        details: { dataset: name },
      });
    }
    if (names.has(name)) {
      throw new EmbedbagError({
        code: 'duplicate-dataset-name',
        message: `Expected every dataset to have a name of its own${nameUse}, received \`${name}\` twice. Rename one of them.`,
        details: { dataset: name },
      });
    }
    names.add(name);
  }
}
