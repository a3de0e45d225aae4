import { type JsonObject, SIMILARITY_FUNCTION_NAMES, type SimilarityFunctionName } from '@embedbag/core';
import { NANO_BEIR_SPLITS } from '@embedbag/evaluators';
import { InvalidArgumentError } from 'commander';

/** A whole number of at least `min`, for commander. */
export function integerOption(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`Give a whole number of at least ${min}.`);
    }
    return value;
  };
}

/** A finite number of at least `min`, for commander. */
export function numberOption(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < min) {
      throw new InvalidArgumentError(`Give a number of at least ${min}.`);
    }
    return value;
  };
}

/** A finite number above 0, for commander. */
export function positiveOption(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

/** A list of distinct dims such as `1024,256`, for commander. */
export function dimsOption(text: string): readonly number[] {
  const dims = text.split(',').map((part) => integerOption(1)(part.trim()));
  if (new Set(dims).size !== dims.length) throw new InvalidArgumentError('Name each dim once, such as 1024,256.');
  return dims;
}

/** A mapping such as `anchor=question,positive=answer`, for commander. */
export function columnsOption(text: string): Readonly<Record<string, string>> {
  const entries = text.split(',').map((part) => {
    const at = part.indexOf('=');
    if (at <= 0 || at === part.length - 1) {
      throw new InvalidArgumentError('Give role=column pairs, such as anchor=question,positive=answer.');
    }
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const;
  });
  const columns = new Set(entries.map(([, column]) => column));
  if (columns.size !== entries.length) throw new InvalidArgumentError('Name another column for each role.');
  return Object.fromEntries(entries);
}

/** A JSON object such as `{"margin": 0.2}`, for commander. */
export function jsonObjectOption(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new InvalidArgumentError('Give a JSON object in single quotes, such as \'{"margin": 0.2}\'.');
}

/** A list of distinct similarity functions such as `cosine,dot`, for commander. */
export function similaritiesOption(text: string): readonly SimilarityFunctionName[] {
  const names = text.split(',').map((part) => part.trim() as SimilarityFunctionName);
  if (new Set(names).size === names.length && names.every((name) => SIMILARITY_FUNCTION_NAMES.includes(name))) {
    return names;
  }
  throw new InvalidArgumentError(`Name some of ${SIMILARITY_FUNCTION_NAMES.join(', ')}, each once.`);
}

/** A list of NanoBEIR datasets such as `msmarco,scifact` as their splits, such as `NanoMSMARCO`, for commander. */
export function nanoBeirOption(text: string): readonly string[] {
  const splits = text.split(',').map((part) => {
    const name = part.trim().toLowerCase();
    return NANO_BEIR_SPLITS.find((split) => [split.toLowerCase(), split.slice(4).toLowerCase()].includes(name));
  });
  if (splits.every((split) => split !== undefined) && new Set(splits).size === splits.length) return splits;
  throw new InvalidArgumentError(
    `Name some of ${NANO_BEIR_SPLITS.map((split) => split.slice(4)).join(', ')}, each once.`,
  );
}
