import { isEmbedbagError } from '@embedbag/core';

/** The exit codes of every embedbag program. */
export const EXIT_CODES = {
  success: 0,
  /** A defect of the program itself; the only case that prints a stack trace. */
  defect: 1,
  /** Input that the program cannot work with: an option, a file, a row, a folder. */
  wrongInput: 2,
  /** Stopped by Ctrl-C or SIGTERM. What was done so far is saved where the message says. */
  interrupted: 130,
} as const;

/** Where a program reads and writes; tests hand in their own. */
export interface ProgramStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** What the body of a program gets. */
export interface ProgramContext extends ProgramStreams {
  /** Aborted by the first Ctrl-C; a second one, a second later or more, ends the process at once. */
  readonly signal: AbortSignal;
}

/** Thrown by a program that ended early on purpose, after saying so itself. */
export class ProgramExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** npm and a terminal may both deliver one Ctrl-C. */
const SAME_INTERRUPT_MS = 1000;

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'AbortError' || (isEmbedbagError(error) && error.code === 'aborted'))
  );
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
}

/** An error of the operating system, such as ENOSPC, that no reader or writer has put in better words. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
}

const WATCHED = new WeakSet<object>();

/**
 * Ends the process when standard output cannot be written, quietly where its reader has left, as `head` does.
 * A lost standard error only loses the progress. Both may fail after the body has ended, so nothing is taken off again.
 */
function watchOutput({ stdout, stderr }: ProgramStreams): void {
  if (WATCHED.has(stdout)) return;
  WATCHED.add(stdout);
  stdout.on('error', (error: Error) => process.exit(report(error, { stderr })));
  stderr.on('error', () => undefined);
}

function report(error: unknown, streams: Pick<ProgramStreams, 'stderr'>): number {
  if (error instanceof ProgramExit) return error.exitCode;
  if (isBrokenPipe(error)) return EXIT_CODES.success;
  if (isAbort(error)) {
    streams.stderr.write('Stopped; nothing was saved.\n');
    return EXIT_CODES.interrupted;
  }
  if (isEmbedbagError(error) && !error.code.startsWith('internal-')) {
    streams.stderr.write(`error: ${error.message}\n`);
    return EXIT_CODES.wrongInput;
  }
  if (isSystemError(error)) {
    streams.stderr.write(`error: Expected the system to read and write what was asked, received ${error.message}.\n`);
    return EXIT_CODES.wrongInput;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  streams.stderr.write(
    `This is a defect of embedbag, not of your input. Please report it with these lines:\n${text}\n`,
  );
  return EXIT_CODES.defect;
}

/**
 * Runs `body` as a program: turns what it throws into one sentence and an exit code, and Ctrl-C into an abort signal.
 *
 * @returns The exit code, one of {@link EXIT_CODES}. The caller sets `process.exitCode`.
 */
export async function runProgram(
  body: (context: ProgramContext) => Promise<void>,
  streams: ProgramStreams = process,
): Promise<number> {
  const controller = new AbortController();
  let interruptedAt: number | undefined;
  const interrupt = (): void => {
    const now = Date.now();
    if (interruptedAt !== undefined && now - interruptedAt >= SAME_INTERRUPT_MS) process.exit(EXIT_CODES.interrupted);
    if (interruptedAt === undefined) {
      interruptedAt = now;
      streams.stderr.write('\nStopping; press Ctrl-C again to stop at once.\n');
      controller.abort();
    }
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  watchOutput(streams);
  try {
    await body({
      stdin: streams.stdin,
      stdout: streams.stdout,
      stderr: streams.stderr,
      signal: controller.signal,
    });
    return EXIT_CODES.success;
  } catch (error) {
    return report(error, streams);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
