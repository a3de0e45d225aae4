import { writeFileSync } from 'node:fs';

/**
 * A vitest reporter that writes the counts of a run as JSON to the file that `EMBEDBAG_TEST_COUNTS` names.
 *
 * A file that cannot be loaded and a suite whose own hook fails count as one failure each: their tests never ran.
 */
export default class CountReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const file = process.env.EMBEDBAG_TEST_COUNTS;
    if (file === undefined) return;
    const counts = { passed: 0, failed: 0, skipped: 0, unhandledErrors: unhandledErrors.length };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === 'pending' ? 'skipped' : state] += 1;
      }
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) counts.failed += 1;
      }
      if (module.errors().length > 0) counts.failed += 1;
    }
    writeFileSync(file, JSON.stringify(counts));
  }
}
