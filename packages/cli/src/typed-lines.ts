import { createInterface } from 'node:readline';
import { EXIT_CODES, type ProgramContext, ProgramExit } from './run-program.js';

/**
 * What a person types, a line at a time, until an empty line or the end of the input.
 *
 * @param prompt Written to standard error before each line.
 * @throws {ProgramExit} With exit code 130 after Ctrl-C.
 */
export async function* typedLines({ stdin, stderr, signal }: ProgramContext, prompt: string): AsyncGenerator<string> {
  const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  signal.addEventListener('abort', () => lines.close(), { once: true });
  stderr.write(prompt);
  for await (const line of lines) {
    if (line.trim() === '') break;
    yield line;
    stderr.write(prompt);
  }
  lines.close();
  if (signal.aborted) throw new ProgramExit(EXIT_CODES.interrupted);
}
