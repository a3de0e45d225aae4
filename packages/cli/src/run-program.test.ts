import { PassThrough, Readable } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { type ProgramStreams, runProgram } from './run-program.js';

afterEach(() => void vi.restoreAllMocks());

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: the system says no, write`), { code, syscall: 'write' });

function programStreams(): ProgramStreams & { readonly said: () => string } {
  const stderr = new PassThrough();
  return {
    stdin: Readable.from([]),
    stdout: new PassThrough().resume(),
    stderr,
    said: () => String(stderr.read() ?? ''),
  };
}

test('a reader that leaves once the program has ended ends it quietly', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const streams = programStreams();
  expect(await runProgram(async () => {}, streams)).toBe(0);
  streams.stdout.emit('error', systemError('EPIPE'));
  expect(exit.mock.calls).toEqual([[0]]);
  expect(streams.said()).toBe('');
});

test('standard output that cannot be written is told in one sentence with exit code 2', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const streams = programStreams();
  await runProgram(async () => void streams.stdout.emit('error', systemError('ENOSPC')), streams);
  expect(exit.mock.calls).toEqual([[2]]);
  expect(streams.said()).toMatch(/^error: Expected .+ received ENOSPC: the system says no, write\.\n$/);
});

test('a lost standard error does not end the program', async () => {
  const streams = programStreams();
  expect(await runProgram(async () => void streams.stderr.emit('error', systemError('EPIPE')), streams)).toBe(0);
});

test('an error of the system that nothing has put in words is no defect', async () => {
  const streams = programStreams();
  const exitCode = await runProgram(() => Promise.reject(systemError('EACCES')), streams);
  expect(exitCode).toBe(2);
  expect(streams.said()).toMatch(/^error: Expected .+ EACCES/);
});
