import { type Command, CommanderError } from 'commander';
import { EXIT_CODES, type ProgramContext, ProgramExit } from './run-program.js';

/**
 * Parses `argv` with `command` and runs what it chose; commander writes to the streams of `context`.
 *
 * @param argv Arguments without the program's own name.
 * @throws {ProgramExit} With exit code 2 after commander has said what is wrong with an option.
 */
export async function runCommand(command: Command, argv: readonly string[], context: ProgramContext): Promise<void> {
  const output = {
    writeOut: (text: string) => void context.stdout.write(text),
    writeErr: (text: string) => void context.stderr.write(text),
  };
  for (const each of [command, ...command.commands]) each.configureOutput(output).exitOverride();
  try {
    await command.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new ProgramExit(EXIT_CODES.wrongInput);
  }
}
