import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EmbedbagError, isEmbedbagError, type JsonObject, type Loss } from '@embedbag/core';
import { describeThrown, lossFaults, pluginLoss } from './plugin-loss.js';

/** What `--loss` names of a module. */
interface LossReference {
  /** As the user wrote it, without the name of the export. */
  readonly source: string;
  /** An absolute path. */
  readonly file: string;
  /** What stands behind `#`. */
  readonly exportName: string | undefined;
}

type Module = Readonly<Record<string, unknown>>;

function moduleError(code: string, message: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({ code, message, cause });
}

/** Whether `reference` is the path of a file, and not the name of a loss or of a package. */
function isPath(reference: string): boolean {
  return /^(\.{0,2}[\\/]|[A-Za-z]:[\\/]|file:)/.test(reference) || /\.[cm]?[jt]s$/.test(reference);
}

/** The entry of an installed package, found from the current folder. */
function packageFile(name: string): string | undefined {
  try {
    return createRequire(join(process.cwd(), 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
}

/** Reads `./my-loss.js`, `my-package` or either with `#name` behind; undefined where there is no such file or package. */
function readReference(reference: string): LossReference | undefined {
  const [source = '', exportName] = reference.split('#', 2);
  if (!isPath(source)) {
    const file = packageFile(source);
    return file === undefined ? undefined : { source, file, exportName };
  }
  const file = source.startsWith('file:') ? fileURLToPath(source) : resolve(source);
  if (existsSync(file)) return { source, file, exportName };
  throw moduleError(
    'loss-module-missing',
    `Expected a JavaScript module at ${source} for \`--loss\`, received no such file. Check the path, which begins at the current folder, ${process.cwd()}.`,
  );
}

async function importModule({ source, file }: LossReference): Promise<Module> {
  try {
    return (await import(pathToFileURL(file).href)) as Module;
  } catch (error) {
    const remedy = /\.[cm]?ts$/.test(file)
      ? 'Compile it to JavaScript first, or run a Node that reads TypeScript.'
      : `Run \`node ${source}\` to see where.`;
    throw moduleError(
      'loss-module-failed',
      `Expected ${source} to load as a module, received ${describeThrown(error)}. ${remedy}`,
      error,
    );
  }
}

function names(module: Module): string {
  const all = Object.keys(module)
    .filter((name) => name !== 'module.exports')
    .sort();
  return all.length === 0 ? 'none' : all.map((name) => `\`${name}\``).join(', ');
}

/** Whether an export may be a loss, or a function that makes one, among others that are not. */
function isCandidate(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'object' && value !== null && 'compute' in value);
}

/** The name of the export that is meant: the only one that may be a loss, or `default`. */
function chooseExport(module: Module, { source, exportName }: LossReference): string {
  if (exportName !== undefined) {
    if (Object.hasOwn(module, exportName)) return exportName;
    throw moduleError(
      'loss-export-missing',
      `Expected ${source} to export \`${exportName}\`, received the exports ${names(module)}. Name one of them behind \`#\`.`,
    );
  }
  // A value under two names counts once, under `default` if that is one of them.
  const exported = Object.keys(module).sort(
    (a, b) => Number(b === 'default') - Number(a === 'default') || (a < b ? -1 : 1),
  );
  const distinct = exported.filter((name, i) => exported.findIndex((other) => module[other] === module[name]) === i);
  const candidates = distinct.filter((name) => isCandidate(module[name]));
  const [first = distinct[0]] = candidates;
  if (first === undefined || (candidates.length === 0 && distinct.length > 1)) {
    throw moduleError(
      'loss-export-missing',
      `Expected ${source} to export a loss or a function that makes one, received the exports ${names(module)}. Export it by name.`,
    );
  }
  if (candidates.length <= 1 || first === 'default') return first;
  throw moduleError(
    'loss-export-ambiguous',
    `Expected one loss in ${source}, received ${candidates.length} exports that may be one: ${candidates.map((name) => `\`${name}\``).join(', ')}. Choose with \`--loss ${source}#${first}\`.`,
  );
}

async function makeLoss(made: unknown, place: string, options: JsonObject): Promise<unknown> {
  const given = Object.keys(options);
  if (typeof made === 'function') {
    try {
      return await (made as (options: JsonObject) => unknown)(options);
    } catch (error) {
      if (isEmbedbagError(error)) throw error;
      throw moduleError(
        'loss-module-failed',
        `Expected ${place} to make a loss, received ${describeThrown(error)}. Check \`--loss-options\`.`,
        error,
      );
    }
  }
  if (given.length === 0 || lossFaults(made).length > 0) return made;
  throw moduleError(
    'unknown-loss-option',
    `Expected no options for ${place}, which is a loss and not a function that makes one, received \`${given.join('`, `')}\`. Leave them out, or export a function that takes them.`,
  );
}

/** An option that is not in the loss's config is most likely a slip of the pen, and would change nothing. */
function checkOptions(loss: Loss, place: string, options: JsonObject): void {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(loss.config, name));
  if (unknown.length === 0) return;
  const known = Object.keys(loss.config).map((name) => `\`${name}\``);
  throw moduleError(
    'unknown-loss-option',
    `Expected options that ${place} puts into its \`config\`, which has ${known.join(', ') || 'none'}, received \`${unknown.join('`, `')}\`. Correct the name, or let the loss keep it in \`config\`.`,
  );
}

/**
 * Loads the loss of `embedbag train --loss`: an export of a module that is a {@link Loss}, or a function that takes
 * `options` and returns one or a promise of one.
 *
 * @param reference A path such as `./my-loss.js`, or the name of an installed package; `#name` behind it chooses an export.
 * @returns Undefined where `reference` is neither a path nor an installed package.
 * @throws EmbedbagError `loss-module-missing`, `loss-module-failed`, `loss-export-missing`, `loss-export-ambiguous`,
 * `not-a-loss`, `unknown-loss-option`.
 */
export async function lossFromModule(reference: string, options: JsonObject): Promise<Loss | undefined> {
  const parts = readReference(reference);
  if (parts === undefined) return undefined;
  const module = await importModule(parts);
  const name = chooseExport(module, parts);
  const place = `\`${name}\` of ${parts.source}`;
  const loss = await makeLoss(module[name], place, options);
  const faults = lossFaults(loss);
  if (faults.length > 0) {
    const what = typeof module[name] === 'function' ? 'return' : 'be';
    throw moduleError(
      'not-a-loss',
      `Expected ${place} to ${what} a loss, received something else: ${faults.join('; ')}. \`testLoss\` of @embedbag/testing checks a loss.`,
    );
  }
  checkOptions(loss as Loss, place, options);
  return pluginLoss(loss as Loss, parts.source);
}
