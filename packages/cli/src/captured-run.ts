import { PassThrough, Readable } from 'node:stream';
import { embedbag } from './embedbag.js';
import { runProgram } from './run-program.js';

/** What one run of the command printed and how it ended. */
export interface CapturedRun {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs `embedbag` in this process with streams of its own, for tests. */
export async function capturedRun(argv: readonly string[], stdin: string | Uint8Array = ''): Promise<CapturedRun> {
  const collect = (): { readonly stream: PassThrough; readonly bytes: Buffer[] } => {
    const stream = new PassThrough();
    const bytes: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => bytes.push(chunk));
    return { stream, bytes };
  };
  const stdout = collect();
  const stderr = collect();
  const exitCode = await runProgram((context) => embedbag(argv, context), {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
  });
  await new Promise((resolve) => setImmediate(resolve));
  return { exitCode, stdout: Buffer.concat(stdout.bytes), stderr: Buffer.concat(stderr.bytes).toString('utf8') };
}
