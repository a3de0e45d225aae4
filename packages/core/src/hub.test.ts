import { describe, expect, test } from 'vitest';
import { openHubId, parseHubId } from './hub.js';

describe('parseHubId', () => {
  test('reads owner, name and revision', () => {
    expect(parseHubId('google-bert/bert-base-uncased')).toEqual({ name: 'google-bert/bert-base-uncased' });
    expect(parseHubId('a/b.c_d@v1.0')).toEqual({ name: 'a/b.c_d', revision: 'v1.0' });
    expect(parseHubId('a/b@refs/convert/parquet')).toEqual({ name: 'a/b', revision: 'refs/convert/parquet' });
  });

  test.each(['my-model', './a/b', '../a', '/a/b', 'a/b/c', 'C:\\a\\b', 'a/b@', 'a b/c', 'a/..', 'a--b/c', ''])(
    'takes `%s` for no id',
    (text) => expect(parseHubId(text)).toBeUndefined(),
  );
});

test('an id without a hub says where to get one', async () => {
  await expect(openHubId('a/b@v1', 'model', undefined)).rejects.toThrow(
    'Expected `a/b@v1` to be a path on this machine, received none there and no `hub` to look for a model of that name. Check the path, or give `hub: createHub()` of @embedbag/hub.',
  );
  expect(await openHubId('./a', 'model', undefined)).toBeUndefined();
});
