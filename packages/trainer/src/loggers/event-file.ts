import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { EmbedbagError } from '@embedbag/core';

/** A file that a logger adds to, piece by piece; what is added is with the system when `add` returns. */
export interface EventFile {
  readonly path: string;
  add(content: string | Uint8Array): void;
  close(): void;
}

function cannotWrite(file: string, cause: unknown): EmbedbagError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmbedbagError({
    code: 'log-not-writable',
    message: `Expected the log \`${file}\` to be a file that can be written, received from the system: ${reason}. Make room, or choose another place for it.`,
    details: { file },
    cause,
  });
}

function orRefuse<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** Opens `file` for writing, with the folders above it; `append` leaves what it holds. Throws `log-not-writable`. */
export function openEventFile(file: string, { append }: { readonly append: boolean }): EventFile {
  const descriptor = orRefuse(file, () => {
    mkdirSync(path.dirname(file), { recursive: true });
    return openSync(file, append ? 'a' : 'w');
  });
  let isOpen = true;
  return {
    path: file,
    add(content) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let done = 0; done < bytes.byteLength; ) {
        done += orRefuse(file, () => writeSync(descriptor, bytes, done));
      }
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

/** The path that a logger was given, or `name` in the run's folder. Throws `log-without-place` where there is neither. */
export function eventPath(
  given: string | undefined,
  outputDir: string | undefined,
  { logger, option, name }: { readonly logger: string; readonly option: string; readonly name: string },
): string {
  if (given !== undefined) return path.resolve(given);
  if (outputDir !== undefined) return path.resolve(outputDir, name);
  throw new EmbedbagError({
    code: 'log-without-place',
    message: `Expected a place for the log of \`${logger}\`, received neither its \`${option}\` nor \`outputDir\`. Give one of them.`,
    details: { logger },
  });
}
