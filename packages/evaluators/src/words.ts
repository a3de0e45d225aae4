const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * The words of `text` as a plain lexical search takes them: lower-cased runs of letters, marks and digits.
 *
 * Nothing is stemmed or left out, and writing without spaces, such as Chinese, comes as long runs.
 *
 * @example
 * ```ts
 * words("The red fox's den, 2024"); // => [ 'the', 'red', 'fox', 's', 'den', '2024' ]
 * ```
 */
export function words(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}
