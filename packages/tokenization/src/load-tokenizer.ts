import { EmbedbagError, type Tokenizer } from '@embedbag/core';
import { createTokenizer } from './tokenizer-from-json.js';

/**
 * Reads a `tokenizer.json`, or the one in a folder, and makes a tokenizer of it; Node only.
 *
 * @throws {EmbedbagError} `tokenizer-not-found` where there is no such file, and what `tokenizerFromJson` throws, with the path.
 *
 * @example
 * ```ts
 * const tokenizer = await loadTokenizer('models/my-model');
 * ```
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const { readFile, stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  let file = path;
  let json: string;
  try {
    if ((await stat(path)).isDirectory()) file = join(path, 'tokenizer.json');
    json = await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new EmbedbagError({
      code: 'tokenizer-not-found',
      message: `Expected a tokenizer.json at \`${file}\`, received ${reason}. Give the path of the file or of the folder that holds it.`,
      details: { path: file },
      cause,
    });
  }
  return createTokenizer(json, `\`${file}\``);
}
