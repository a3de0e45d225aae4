/** What stands for a lone surrogate, as in an encoding to UTF-8. */
const REPLACEMENT = 0xfffd;

/** The code point that begins at `index`; a lone surrogate is {@link REPLACEMENT}. */
export function codePointAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit > 0xdbff) return REPLACEMENT;
  const next = text.charCodeAt(index + 1);
  return next >= 0xdc00 && next <= 0xdfff ? (unit - 0xd800) * 0x400 + next - 0xdc00 + 0x10000 : REPLACEMENT;
}

/** The code point that ends before `index`, which is at least 1; a lone surrogate is {@link REPLACEMENT}. */
export function codePointBefore(text: string, index: number): number {
  const unit = text.charCodeAt(index - 1);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit < 0xdc00 || index < 2) return REPLACEMENT;
  const pair = codePointAt(text, index - 2);
  return pair > 0xffff ? pair : REPLACEMENT;
}

/** The number of code units of `codePoint`. */
export function widthOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

/** `text` with every lone surrogate replaced by {@link REPLACEMENT}: what its UTF-8 form holds. */
export function toWellFormed(text: string): string {
  let result = '';
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    if (codePointAt(text, index) !== REPLACEMENT) {
      index += 1;
      continue;
    }
    result += `${text.slice(start, index)}\ufffd`;
    start = index + 1;
  }
  return start === 0 ? text : result + text.slice(start);
}
