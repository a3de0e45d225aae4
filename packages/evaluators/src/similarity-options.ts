import { EmbedbagError, SIMILARITY_FUNCTION_NAMES, type SimilarityFunctionName } from '@embedbag/core';

function unknownSimilarity(message: string, received: string): EmbedbagError {
  return new EmbedbagError({ code: 'similarity-unknown', message, details: { received } });
}

const CHOICES = SIMILARITY_FUNCTION_NAMES.map((name) => `\`${name}\``).join(', ');

/** Throws `similarity-unknown` unless `name`, given as `option`, is a similarity function. */
export function checkSimilarity(name: SimilarityFunctionName, option: string): void {
  if (SIMILARITY_FUNCTION_NAMES.includes(name)) return;
  throw unknownSimilarity(
    `Expected \`${option}\` to be one of ${CHOICES}, received \`${name}\`. Choose among these.`,
    String(name),
  );
}

/**
 * The similarity functions to measure with, each once: those listed, or the main one, or cosine.
 * Throws `similarity-unknown`, also where `main`, the value of the option `mainOption`, is none of them.
 */
export function resolveSimilarities(
  listed: readonly SimilarityFunctionName[] | undefined,
  main: SimilarityFunctionName | undefined,
  mainOption: string,
): SimilarityFunctionName[] {
  const names = [...new Set(listed ?? [main ?? 'cosine'])];
  if (names.length === 0) {
    throw unknownSimilarity(
      'Expected `similarityFunctions` to hold at least one entry, received none. Leave it out for the default.',
      '',
    );
  }
  for (const [i, name] of names.entries()) {
    checkSimilarity(name, listed === undefined ? mainOption : `similarityFunctions[${i}]`);
  }
  if (main === undefined || names.includes(main)) return names;
  throw unknownSimilarity(
    `Expected \`${mainOption}\` to be one of \`similarityFunctions\`, received \`${main}\`. Add it to them.`,
    String(main),
  );
}
