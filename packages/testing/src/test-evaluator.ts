import type { Evaluator } from '@embedbag/core';
import { describe, test } from 'vitest';
import { evaluatorChecks } from './evaluator-checks.js';

/** What {@link testEvaluator} tests. */
export interface TestEvaluatorOptions {
  /** Stands in the title of the suite. */
  readonly name: string;
  /**
   * Makes the evaluator, over data of which some are right and some wrong for a random model: a handful of queries and
   * documents. Every call must use the same options.
   */
  readonly create: () => Evaluator | Promise<Evaluator>;
  /** Columns of the models' embeddings. Default: 16. */
  readonly dimension?: number;
}

/**
 * Registers a vitest suite that checks an evaluator against its contract, on models with random embeddings.
 *
 * Figures are finite, the same twice, for several models at once and for one that answers later, and depend on the model;
 * `primaryMetric` is one of them; items, where there are any, are what the figures are made of. Progress only grows; a signal ends the evaluation with its reason; no memory is kept.
 *
 * @example
 * ```ts
 * testEvaluator({ name: 'MyEvaluator', create: () => myEvaluator({ pairs }) });
 * ```
 */
export function testEvaluator(options: TestEvaluatorOptions): void {
  const { name, create, dimension = 16 } = options;
  describe(`evaluator: ${name}`, () => {
    for (const check of evaluatorChecks) test(check.title, () => check.run({ create, dimension }));
  });
}
