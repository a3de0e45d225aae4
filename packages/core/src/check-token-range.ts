import { EmbedbagError } from './embedbag-error.js';
import type { TokenBags } from './token-bags.js';

/**
 * Throws `token-out-of-range` when an id of `bags` is not in `[0, rows)`.
 *
 * Every backend calls this first, so that all refuse the same bags in the same words.
 */
export function checkTokenRange(bags: TokenBags, rows: number): void {
  const { ids, offsets } = bags;
  const end = offsets[offsets.length - 1]!;
  for (let i = offsets[0]!; i < end; i++) {
    const id = ids[i]!;
    if (id >= 0 && id < rows) continue;
    throw new EmbedbagError({
      code: 'token-out-of-range',
      message: `Expected token ids from 0 to ${rows - 1}, the rows of \`table\`, received ${id} at position ${i}. Use the tokenizer that the table was made for.`,
      details: { rows, received: id, position: i },
    });
  }
}
