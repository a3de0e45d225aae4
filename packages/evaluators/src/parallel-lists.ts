import { EmbedbagError } from '@embedbag/core';

/** Throws `length-mismatch` unless all lists are as long as the first, and `empty-list` where they hold nothing. */
export function checkParallelLists(lists: Readonly<Record<string, { readonly length: number }>>): void {
  const [first, ...others] = Object.entries(lists) as [[string, { readonly length: number }]];
  const [name, { length }] = first;
  for (const [otherName, other] of others as [string, { readonly length: number }][]) {
    if (other.length === length) continue;
    throw new EmbedbagError({
      code: 'length-mismatch',
      message: `Expected \`${name}\` and \`${otherName}\` to be of the same length, received ${length} and ${other.length}. Give one entry of each for every row.`,
      details: { [name]: length, [otherName]: other.length },
    });
  }
  if (length > 0) return;
  throw new EmbedbagError({
    code: 'empty-list',
    message: `Expected \`${name}\` to hold at least one entry, received none. Check what was read.`,
    details: { option: name },
  });
}

/** Row numbers as the names of items. */
export function rowIds(count: number): string[] {
  return Array.from({ length: count }, (_, row) => String(row));
}
