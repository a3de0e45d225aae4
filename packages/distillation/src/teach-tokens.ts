import type { Matrix, Tokenizer } from '@embedbag/core';
import { checkEmbeddings, type Teacher } from './teacher.js';
import { textOfToken } from './text-of-token.js';
import { openVectorCache } from './vector-cache.js';

/** How far {@link teachTokens} is. */
export interface TeachingProgress {
  /** Tokens that have a vector. */
  readonly tokens: number;
  readonly totalTokens: number;
}

/** Settings of {@link teachTokens}. */
export interface TeachTokensOptions {
  /** Tells this teacher from others in the cache. */
  readonly teacherName: string;
  /** How tokens are written: the tokenizer's `kind`. */
  readonly kind: Tokenizer['kind'];
  /** Tokens the teacher gets at a time. Default 256. */
  readonly batchSize?: number | undefined;
  /** Where vectors are kept, by teacher and tokens; a stopped run goes on from there. Default: nowhere. */
  readonly cacheFolder?: string | undefined;
  /** Ends the work before the next batch; what is done stays in the cache. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TeachingProgress) => void) | undefined;
}

/**
 * Every token through the teacher: `[tokens, dimension]`, owned by the caller.
 *
 * @throws EmbedbagError `teacher-shape`, `teacher-not-finite`, `cache-not-writable`, what the teacher throws, and the reason of
 * an aborted `signal`.
 */
export async function teachTokens(
  teacher: Teacher,
  tokens: readonly string[],
  options: TeachTokensOptions,
): Promise<Matrix> {
  const { teacherName, kind, batchSize = 256, cacheFolder, signal, onProgress } = options;
  const texts = teacher.tokens === undefined ? tokens.map((token) => textOfToken(token, kind)) : tokens;
  const ask = teacher.tokens ?? teacher;
  const cache = cacheFolder === undefined ? undefined : await openVectorCache(cacheFolder, teacherName, texts);
  const parts: Matrix[] = [];
  let done = 0;
  try {
    if (cache !== undefined && cache.stored.rows > 0) {
      parts.push(cache.stored);
      done = cache.stored.rows;
    }
    onProgress?.({ tokens: done, totalTokens: texts.length });
    while (done < texts.length) {
      signal?.throwIfAborted();
      const batch = texts.slice(done, done + batchSize);
      const rows = Int32Array.from(batch, (_, index) => done + index);
      const matrix = await ask(batch, signal, { dataset: 'tokens', column: 0, rows });
      checkEmbeddings(matrix, batch.length, parts[0]?.columns);
      // The teacher may use its array again.
      const copy = { ...matrix, data: matrix.data.slice(0, matrix.rows * matrix.columns) };
      await cache?.append(copy);
      parts.push(copy);
      done += batch.length;
      onProgress?.({ tokens: done, totalTokens: texts.length });
    }
  } finally {
    await cache?.close();
  }
  return joined(parts);
}

function joined(parts: readonly Matrix[]): Matrix {
  const columns = parts[0]?.columns ?? 0;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = new Float32Array(rows * columns);
  let at = 0;
  for (const part of parts) {
    data.set(part.data.subarray(0, part.rows * columns), at);
    at += part.rows * columns;
  }
  return { data, rows, columns };
}
