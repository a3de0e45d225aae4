/** What must hold of a packed package, beside what publint and attw look at. */
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';

const DEPENDENCY_FIELDS = ['dependencies', 'peerDependencies', 'optionalDependencies'];

/**
 * What is wrong with a packed package.json.
 *
 * @param {any} manifest The packed one.
 * @param {any} source The one in the repository.
 * @param {ReadonlyMap<string, string>} versions The version of every package of this release.
 * @returns {string[]}
 */
export function checkManifest(manifest, source, versions) {
  const text = JSON.stringify(manifest);
  /** @type {string[]} */
  const problems = [];
  if (text.includes('@embedbag/source')) {
    problems.push(
      'Expected no `@embedbag/source` condition in package.json, received one. Give `publishConfig.exports`.',
    );
  }
  if (text.includes('workspace:')) {
    problems.push('Expected no `workspace:` version in package.json, received one. Pack with pnpm.');
  }
  if (!isDeepStrictEqual(manifest.exports, source.publishConfig?.exports)) {
    problems.push('Expected `exports` to be those of `publishConfig`, received others. Pack with pnpm.');
  }
  for (const field of DEPENDENCY_FIELDS) {
    for (const [name, range] of Object.entries(manifest[field] ?? {})) {
      const version = versions.get(name);
      if (version !== undefined && range !== `^${version}`) {
        problems.push(`Expected \`${name}\` in \`${field}\` to be \`^${version}\`, received \`${range}\`.`);
      }
    }
  }
  for (const field of ['name', 'version', 'description', 'license', 'engines', 'exports', 'files']) {
    if (manifest[field] === undefined) problems.push(`Expected package.json to have \`${field}\`, received none.`);
  }
  return problems;
}

/**
 * What is wrong with the files of a tarball.
 *
 * @param {ReadonlyMap<string, Buffer>} files By path inside the package.
 * @param {string} root The repository root, which no file may name.
 * @returns {string[]}
 */
export function checkFiles(files, root) {
  /** @type {string[]} */
  const problems = [];
  for (const needed of ['README.md', 'LICENSE']) {
    if (!files.has(needed)) problems.push(`Expected \`${needed}\` in the tarball, received none. Write it.`);
  }
  for (const [file, bytes] of files) {
    if (/\.test\.|(^|\/)(src|test|fixtures)\//.test(file)) {
      problems.push(`Expected only built files in the tarball, received \`${file}\`. Check \`files\` in package.json.`);
    }
    if (bytes.includes(root)) {
      problems.push(`Expected \`${file}\` to name no folder of this machine, received \`${root}\`. Check the build.`);
    }
  }
  return problems;
}

/**
 * The size of a package as a user's bundler sees it: all built JavaScript, gzipped file by file, in bytes.
 *
 * @param {ReadonlyMap<string, Buffer>} files By path inside the package.
 */
export function gzipBytesOf(files) {
  let total = 0;
  for (const [file, bytes] of files) if (/\.[cm]?js$/.test(file)) total += gzipSync(bytes, { level: 9 }).length;
  return total;
}

/**
 * @param {string} name
 * @param {number} gzipBytes
 * @param {Readonly<Record<string, number>>} ceilings In bytes, by package name.
 * @returns {string[]}
 */
export function checkSize(name, gzipBytes, ceilings) {
  const ceiling = ceilings[name];
  if (ceiling === undefined) {
    return [
      `Expected tooling/check/size-ceilings.json to name \`${name}\`, received nothing. It has ${gzipBytes} bytes now.`,
    ];
  }
  if (gzipBytes <= ceiling) return [];
  return [
    `Expected \`${name}\` to have at most ${ceiling} gzipped bytes of JavaScript, received ${gzipBytes}. Make it smaller, or raise tooling/check/size-ceilings.json and say why.`,
  ];
}
