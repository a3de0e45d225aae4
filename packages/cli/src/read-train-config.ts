import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbedbagError } from '@embedbag/core';
import { describeThrown } from './plugin-loss.js';
import { defineConfig } from './train-config.js';

type Module = Readonly<Record<string, unknown>>;

function configError(code: string, message: string, cause?: unknown): EmbedbagError {
  return new EmbedbagError({ code, message, cause });
}

function readJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw configError(
      'config-invalid',
      `Expected ${path} to be JSON, received: ${(error as Error).message}. Correct it there.`,
      error,
    );
  }
}

/** Takes the types out of TypeScript, on every Node; `@embedbag/cli` in a config is this package, installed there or not. */
async function importTypeScript(path: string): Promise<Module> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    interopDefault: false,
    virtualModules: { '@embedbag/cli': { defineConfig } },
  });
  return jiti.import<Module>(path);
}

async function importModule(path: string): Promise<Module> {
  try {
    if (/^\.[cm]?ts$/.test(extname(path))) return await importTypeScript(path);
    return (await import(pathToFileURL(path).href)) as Module;
  } catch (error) {
    throw configError(
      'config-failed',
      `Expected ${path} to be a module with a config, received ${describeThrown(error)}. Correct it there.`,
      error,
    );
  }
}

/**
 * Reads the config of `embedbag train`: JSON, or a module in JavaScript or TypeScript that exports it as `config` or by default.
 * What is in it is not looked at.
 *
 * @throws EmbedbagError `config-missing`, `config-failed`, `config-invalid`.
 */
export async function readTrainConfig(file: string): Promise<unknown> {
  const path = resolve(file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw configError(
      'config-missing',
      `Expected a file that can be read at ${file} for \`--config\`, received ${reason}. Check the path.`,
      error,
    );
  }
  if (!/\.[cm]?[jt]s$/.test(path)) return readJson(path, text);
  const module = await importModule(path);
  const config = module.config ?? module.default;
  if (config !== undefined) return config;
  throw configError(
    'config-invalid',
    `Expected ${path} to export a \`config\`, received the exports ${Object.keys(module).join(', ') || 'none'}. Write \`export const config = defineConfig({ ... })\`.`,
  );
}
