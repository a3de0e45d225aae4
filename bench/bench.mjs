#!/usr/bin/env node
// `pnpm bench [name...]`: every speed figure, beside the Python peers, in one run.
import { ensureBuilt, runMain, WorkspaceError } from '../tooling/workspace.mjs';

runMain(async () => {
  await ensureBuilt({ quiet: true });
  const [{ BenchError }, { runBench }, { killAllSides }] = await Promise.all([
    import('./src/bench-error.mjs'),
    import('./src/run-bench.mjs'),
    import('./src/side-process.mjs'),
  ]);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      killAllSides();
      process.stderr.write('Stopped. Nothing of the entry that was running is kept.\n');
      process.exit(130);
    });
  }
  process.on('exit', killAllSides);
  try {
    return await runBench(process.argv.slice(2));
  } catch (error) {
    if (error instanceof BenchError) throw new WorkspaceError(error.message, { cause: error });
    throw error;
  }
});
