/** Bundles what is meant for browsers as a user's bundler does, without a setting of its own. */
import path from 'node:path';
import { build } from 'esbuild';
import { WorkspaceError } from '../workspace.mjs';

const BROWSER_PACKAGES = ['core', 'kernels', 'losses', 'samplers', 'static-embedding', 'tokenization'];

/**
 * Throws where a package cannot be bundled for a browser, or leaves an import behind that no browser has.
 *
 * @param {string} folder Where the packages are installed.
 */
export async function bundleForBrowser(folder) {
  const contents = BROWSER_PACKAGES.map((name) => `export * from '@embedbag/${name}';`).join('\n');
  const { metafile } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    outfile: path.join(folder, 'bundle.js'),
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const left = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  if (left.length === 0) return;
  const names = [...new Set(left.map((one) => one.path))].join(', ');
  throw new WorkspaceError(`Expected a bundle for browsers without imports, received imports of ${names}.`);
}
