import { EmbedbagError, type Hub, openHubId, type Tokenizer } from '@embedbag/core';
import { createTokenizer } from './tokenizer-from-json.js';

/** Settings of {@link loadTokenizer}. */
export interface LoadTokenizerOptions {
  /** Where a tokenizer is looked for that is not at a path: `createHub()` of @embedbag/hub. */
  readonly hub?: Hub;
  /** Ends a download. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a `tokenizer.json`, or the one in a folder, or that of a model on a hub, and makes a tokenizer of it; Node only.
 *
 * `source` is a path or an id such as `google-bert/bert-base-uncased@main`. What lies at the path wins over the id.
 *
 * @throws {EmbedbagError} `tokenizer-not-found` where there is no such file, `hub-missing` for an id without `hub`, what the
 * hub throws, and what `tokenizerFromJson` throws, with the path.
 *
 * @example
 * ```ts
 * const tokenizer = await loadTokenizer('models/my-model');
 * ```
 */
export async function loadTokenizer(source: string, options: LoadTokenizerOptions = {}): Promise<Tokenizer> {
  const { readFile, stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const status = await stat(source).catch(() => undefined);
  let file = status?.isDirectory() ? join(source, 'tokenizer.json') : source;
  if (status === undefined) {
    const snapshot = await openHubId(source, 'model', options.hub, options.signal);
    if (snapshot !== undefined) file = await snapshot.download('tokenizer.json', options.signal);
  }
  try {
    return createTokenizer(await readFile(file, 'utf8'), `\`${file}\``);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const reason = 'code' in cause ? String(cause.code) : String(cause);
    throw new EmbedbagError({
      code: 'tokenizer-not-found',
      message: `Expected a tokenizer.json at \`${file}\`, received ${reason}. Give the path of the file or of the folder that holds it, or the id of a model on the hub.`,
      details: { path: file },
      cause,
    });
  }
}
