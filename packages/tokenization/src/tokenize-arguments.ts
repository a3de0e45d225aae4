import { EmbedbagError, type TokenizeOptions } from '@embedbag/core';

/** Refuses what is no array of strings. */
export function checkTexts(texts: readonly string[]): void {
  if (!Array.isArray(texts)) {
    throw new EmbedbagError({
      code: 'invalid-texts',
      message: `Expected \`texts\` to be an array of strings, received ${texts === null ? 'null' : `a ${typeof texts}`}. Wrap one text in an array.`,
    });
  }
  for (let index = 0; index < texts.length; index += 1) {
    if (typeof texts[index] === 'string') continue;
    throw new EmbedbagError({
      code: 'invalid-texts',
      message: `Expected \`texts[${index}]\` to be a string, received ${texts[index] === null ? 'null' : `a value of type ${typeof texts[index]}`}. Give texts only.`,
      details: { index },
    });
  }
}

/** The most tokens of a text, Infinity where the options name none. */
export function readMaxTokens(options: TokenizeOptions): number {
  const { maxTokens } = options;
  if (maxTokens === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isInteger(maxTokens) && maxTokens >= 0) return maxTokens;
  throw new EmbedbagError({
    code: 'invalid-max-tokens',
    message: `Expected \`maxTokens\` to be a whole number of at least 0, received ${maxTokens}. Leave it out to keep all tokens.`,
    details: { received: maxTokens },
  });
}
