#!/usr/bin/env node
// `pnpm bench [name...]`: every speed figure, beside the Python peers, in one run.
import { ensureBuilt, runMain, WorkspaceError } from '../tooling/workspace.mjs';
import { BenchError } from './src/bench-error.mjs';
import { runBench } from './src/run-bench.mjs';
import { killAllSides } from './src/side-process.mjs';

runMain(async () => {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      killAllSides();
      process.stderr.write('Stopped. Nothing of the entry that was running is kept.\n');
      process.exit(130);
    });
  }
  process.on('exit', killAllSides);
  try {
    return await runBench(process.argv.slice(2), () => ensureBuilt({ quiet: true }));
  } catch (error) {
    if (error instanceof BenchError) throw new WorkspaceError(error.message, { cause: error });
    throw error;
  }
});
