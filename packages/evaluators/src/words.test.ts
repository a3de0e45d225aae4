import { expect, test } from 'vitest';
import { words } from './words.js';

test('lower-cases and cuts at all that is no letter, mark or digit', () => {
  expect(words('Don’t PANIC: 42nd (naïve) x_y')).toEqual(['don', 't', 'panic', '42nd', 'naïve', 'x', 'y']);
  expect(words('हिन्दी 日本語, ok')).toEqual(['हिन्दी', '日本語', 'ok']);
  expect(words(' ...\n')).toEqual([]);
});
