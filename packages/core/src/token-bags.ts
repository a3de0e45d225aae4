/**
 * The tokens of many texts, one bag a text, without padding.
 *
 * Bag `i` is `ids[offsets[i] .. offsets[i + 1])`; `offsets` has one entry more than there are texts and starts at 0.
 */
export interface TokenBags {
  /** Token ids of all texts, one after the other. May be longer than `offsets` says; the rest is ignored. */
  readonly ids: Int32Array;
  /** Where each text begins, `[texts + 1]`. */
  readonly offsets: Int32Array;
}

/** The number of texts in `bags`. */
export function bagCount(bags: TokenBags): number {
  return bags.offsets.length - 1;
}
