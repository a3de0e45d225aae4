import { expect, test } from 'vitest';
import { EmbedbagError, isEmbedbagError } from './embedbag-error.js';

const options = { code: 'missing-column', message: 'Expected a column `positive`, received none. Name it.' };

test('an error carries its code, message, details and cause', () => {
  const cause = new Error('below');
  const error = new EmbedbagError({ ...options, details: { received: 'anchor' }, cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ ...options, name: 'EmbedbagError', details: { received: 'anchor' }, cause });
});

test('an error without details has an empty object, and without cause has no cause', () => {
  const error = new EmbedbagError(options);
  expect(error.details).toEqual({});
  expect('cause' in error).toBe(false);
});

test('an error is recognised by its marker, also from another copy of the package', () => {
  const foreign = Object.defineProperty(new Error('x'), Symbol.for('embedbag.error'), { value: true });
  expect(isEmbedbagError(new EmbedbagError(options))).toBe(true);
  expect(isEmbedbagError(foreign)).toBe(true);
  for (const other of [new Error('x'), { code: 'missing-column' }, 'text', null, undefined]) {
    expect(isEmbedbagError(other)).toBe(false);
  }
});

test('the marker does not show when an error is printed or copied', () => {
  expect(Object.getOwnPropertySymbols({ ...new EmbedbagError(options) })).toEqual([]);
});
