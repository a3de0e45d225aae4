/** Slots of a table at most: 16 bytes each, and as many texts that are found again, but for those that find no free slot. */
const MOST_SLOTS = 1 << 22;
const LEAST_SLOTS = 1 << 6;
/** Slots that are looked at for one text. */
const PROBES = 32;

/** Where texts were seen first, by their hashes, in bounded memory: of more than some 4 million texts not all are found. */
export interface TextPositions {
  /**
   * The position that a text with this hash was added with, or undefined; then it is added with `position`, if there is room.
   * Equal calls in the same order find the same.
   */
  findOrAdd(low: number, high: number, position: number): number | undefined;
}

/** A table for `texts` texts, or as many of them as fit. */
export function createTextPositions(texts: number): TextPositions {
  let slots = LEAST_SLOTS;
  while (slots < texts * 1.5 && slots < MOST_SLOTS) slots *= 2;
  const hashes = new Uint32Array(slots * 2);
  /** By slot, 1 more than the position; 0 where it is free. */
  const positions = new Float64Array(slots);
  return {
    findOrAdd(low, high, position) {
      for (let probe = 0; probe < PROBES; probe++) {
        const slot = (low + probe) & (slots - 1);
        const found = positions[slot]!;
        if (found === 0) {
          hashes[slot * 2] = low;
          hashes[slot * 2 + 1] = high;
          positions[slot] = position + 1;
          return undefined;
        }
        if (hashes[slot * 2] === low && hashes[slot * 2 + 1] === high) return found - 1;
      }
      return undefined;
    },
  };
}
