/** Moves surrogates behind all other code units, so that units compare as the code points they belong to. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * Compares two strings by code points, as Python does: negative if `a` comes first, 0 if they are equal.
 *
 * JavaScript's own `<` compares UTF-16 code units, which puts U+1F600 before U+FF21.
 */
export function compareByCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return codePointRank(a.charCodeAt(i)) - codePointRank(b.charCodeAt(i));
  }
  return a.length - b.length;
}
