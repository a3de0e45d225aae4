import { expect, test } from 'vitest';
import { entriesOf } from './smoke-test.mjs';
import { checkFiles, checkManifest, checkSize, gzipBytesOf } from './tarball-rules.mjs';

const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' };
const source = { publishConfig: { exports } };
const versions = new Map([['@embedbag/core', '0.3.0']]);
const good = {
  name: '@embedbag/losses',
  version: '0.3.0',
  description: 'Losses.',
  license: 'Apache-2.0',
  engines: { node: '>=20.19.0' },
  files: ['dist'],
  exports,
  dependencies: { '@embedbag/core': '^0.3.0', commander: '14.0.3' },
};

test('a manifest as pnpm packs it has no problem', () => {
  expect(checkManifest(good, source, versions)).toEqual([]);
});

test('a workspace version that was not rewritten is a problem', () => {
  const manifest = { ...good, dependencies: { '@embedbag/core': 'workspace:^' } };
  expect(checkManifest(manifest, source, versions)).toEqual([
    'Expected no `workspace:` version in package.json, received one. Pack with pnpm.',
    'Expected `@embedbag/core` in `dependencies` to be `^0.3.0`, received `workspace:^`.',
  ]);
});

test('a dependency on another release than this one is a problem', () => {
  const manifest = { ...good, peerDependencies: { '@embedbag/core': '^0.2.0' } };
  expect(checkManifest(manifest, source, versions)).toEqual([
    'Expected `@embedbag/core` in `peerDependencies` to be `^0.3.0`, received `^0.2.0`.',
  ]);
});

test('a source condition that would reach a user is a problem', () => {
  const leaking = { ...exports, '.': { '@embedbag/source': './src/index.ts', ...exports['.'] } };
  expect(checkManifest({ ...good, exports: leaking }, source, versions)).toEqual([
    'Expected no `@embedbag/source` condition in package.json, received one. Give `publishConfig.exports`.',
    'Expected `exports` to be those of `publishConfig`, received others. Pack with pnpm.',
  ]);
});

test('a tarball without README or with sources, tests or a folder of this machine is a problem', () => {
  const files = new Map([
    ['LICENSE', Buffer.from('...')],
    ['src/index.ts', Buffer.from('')],
    ['dist/index.js', Buffer.from('const from = "/home/somebody/embedbag/src";')],
  ]);
  expect(checkFiles(files, '/home/somebody/embedbag')).toEqual([
    'Expected `README.md` in the tarball, received none. Write it.',
    'Expected only built files in the tarball, received `src/index.ts`. Check `files` in package.json.',
    'Expected `dist/index.js` to name no folder of this machine, received `/home/somebody/embedbag`. Check the build.',
  ]);
});

test('only JavaScript counts towards the size', () => {
  const script = Buffer.from('export const one = 1;\n');
  const alone = gzipBytesOf(new Map([['dist/index.js', script]]));
  const beside = gzipBytesOf(
    new Map([
      ['dist/index.js', script],
      ['dist/index.js.map', Buffer.alloc(10_000, 'x')],
      ['dist/index.d.ts', script],
    ]),
  );
  expect(alone).toBeGreaterThan(10);
  expect(beside).toBe(alone);
});

test('a package above its ceiling, or without one, is a problem', () => {
  expect(checkSize('@embedbag/core', 100, { '@embedbag/core': 100 })).toEqual([]);
  expect(checkSize('@embedbag/core', 101, { '@embedbag/core': 100 })).toEqual([
    'Expected `@embedbag/core` to have at most 100 gzipped bytes of JavaScript, received 101. Make it smaller, or raise tooling/check/size-ceilings.json and say why.',
  ]);
  expect(checkSize('@embedbag/core', 101, {})).toEqual([
    'Expected tooling/check/size-ceilings.json to name `@embedbag/core`, received nothing. It has 101 bytes now.',
  ]);
});

test('the smoke test imports every entry but package.json', () => {
  const manifest = { name: '@embedbag/kernels', exports: { ...exports, './worker': './dist/worker.js' } };
  expect(entriesOf(manifest)).toEqual(['@embedbag/kernels', '@embedbag/kernels/worker']);
});
