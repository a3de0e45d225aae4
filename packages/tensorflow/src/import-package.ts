import { isEmbedbagError } from '@embedbag/core';

/** What came of importing an optional package. */
export type PackageImport = { readonly module: unknown } | { readonly reason: string };

/** Settings of {@link importPackage}. */
interface ImportPackageOptions {
  /** Take the package that is installed for this folder; Node.js only. */
  readonly from?: string | undefined;
  /** Called before the package's code runs, with whether it ran before; a sentence keeps it from running. */
  readonly before?: (loadedBefore: boolean) => Promise<string | undefined>;
}

/** Whether Node.js runs this. */
export function isNode(): boolean {
  return typeof process !== 'undefined' && process.versions?.node !== undefined;
}

async function requireOf(from: string | undefined): Promise<NodeJS.Require> {
  const { createRequire } = await import('node:module');
  if (from === undefined) return createRequire(import.meta.url);
  const { resolve } = await import('node:path');
  return createRequire(resolve(from, 'package.json'));
}

/** What a failed load means to whoever installs packages. */
function reasonOf(name: string, error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const text = message ?? String(error);
  if (code === 'MODULE_NOT_FOUND' && text.includes(`'${name}'`)) return `${name} is not installed.`;
  if (text.includes('native addon module')) {
    return `${name} has no native library: its install script did not run, or failed. Run \`npm rebuild ${name} --build-addon-from-source\`.`;
  }
  return `${name} does not load: ${text.split('\n')[0]}`;
}

/** Imports a package that need not be installed. In Node.js its CommonJS build, so that all packages share one engine. */
export async function importPackage(name: string, options: ImportPackageOptions = {}): Promise<PackageImport> {
  if (!isNode()) {
    const problem = await options.before?.(false);
    if (problem !== undefined) return { reason: problem };
    try {
      return { module: await import(/* @vite-ignore */ name) };
    } catch {
      return { reason: `${name} is not installed, or no bundler put it in.` };
    }
  }
  const require = await requireOf(options.from);
  try {
    const path = require.resolve(name);
    const problem = await options.before?.(require.cache[path] !== undefined);
    return problem === undefined ? { module: require(path) } : { reason: problem };
  } catch (error) {
    if (isEmbedbagError(error)) throw error;
    return { reason: reasonOf(name, error) };
  }
}
