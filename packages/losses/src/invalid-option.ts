import { EmbedbagError } from '@embedbag/core';

/** Throws `invalid-loss-option`: what `option` should be, what came, and what to do. */
export function invalidOption(option: string, expected: string, received: unknown, remedy: string): never {
  throw new EmbedbagError({
    code: 'invalid-loss-option',
    message: `Expected \`${option}\` ${expected}, received ${typeof received === 'number' ? received : JSON.stringify(received)}. ${remedy}`,
    details: { option },
  });
}

/** Words in backticks, for a message. */
export function wordList(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}

/** Returns `value`; throws `invalid-loss-option` where it is none of `words`. */
export function oneOf<Word extends string>(option: string, words: readonly Word[], value: Word): Word {
  if (!words.includes(value)) invalidOption(option, `to be one of ${wordList(words)}`, value, 'Choose of these.');
  return value;
}

/** Returns `value`; throws `invalid-loss-option` where it is not a finite number above 0. */
export function positiveNumber(option: string, value: number, remedy: string): number {
  if (!(value > 0 && Number.isFinite(value))) invalidOption(option, 'to be a positive number', value, remedy);
  return value;
}

/** Returns `value`; throws `invalid-loss-option` where it is not a finite number from 0 up. */
export function numberFromZero(option: string, value: number, remedy: string): number {
  if (!(value >= 0 && Number.isFinite(value))) invalidOption(option, 'to be a number from 0 up', value, remedy);
  return value;
}
