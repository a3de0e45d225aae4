import { expect, test } from 'vitest';
import { BestModel } from './best-model.js';
import { resolveTrainingArguments, type TrainingArgumentsInput } from './training-arguments.js';

const SAVING = { outputDir: 'x', evalStrategy: 'steps', saveStrategy: 'steps' } as const;

function bestOf(input: TrainingArgumentsInput, figures: readonly number[], metric = 'score'): BestModel {
  const best = new BestModel(resolveTrainingArguments({ ...SAVING, ...input }));
  for (const [i, value] of figures.entries()) {
    const result = { metrics: { [metric]: value, other: -value }, primaryMetric: metric };
    best.observe(i + 1, [{ step: i + 1, name: 'tiny', result }]);
  }
  return best;
}

test('the highest primary metric is the best, the lowest where its name ends in loss', () => {
  expect(bestOf({}, [1, 3, 3, 2]).best).toEqual({ step: 2, metric: 'score', value: 3 });
  expect(bestOf({}, [3, 1, 2], 'loss').best).toEqual({ step: 2, metric: 'loss', value: 1 });
});

test('another metric and direction can be asked for, also as transformers name it', () => {
  const input = { metricForBestModel: 'eval_other', greaterIsBetter: false };
  expect(bestOf(input, [1, 3, 2]).best).toEqual({ step: 2, metric: 'other', value: -3 });
});

test('a metric that no evaluator gives is refused with those there are', () => {
  const input = { metricForBestModel: 'ndcg', loadBestModelAtEnd: true };
  expect(() => bestOf(input, [1])).toThrow(
    'Expected `metricForBestModel` to be one of `score`, `other`, received `ndcg`. Name one of them.',
  );
});

test('as many evaluations without progress as the patience stop the run, with a reason', () => {
  expect(bestOf({ earlyStoppingPatience: 2 }, [1, 3, 3]).stopReason).toBeUndefined();
  expect(bestOf({ earlyStoppingPatience: 2 }, [1, 3, 3, 2]).stopReason).toBe(
    'score was no better than 3 at step 2 in 2 evaluations',
  );
  expect(bestOf({}, [3, 1, 1, 1, 1]).stopReason).toBeUndefined();
});

test('progress below the threshold is the best still, and does not count as progress', () => {
  const best = bestOf({ earlyStoppingPatience: 2, earlyStoppingThreshold: 0.5 }, [1, 1.2, 1.4]);
  expect(best.best).toMatchObject({ value: 1.4 });
  expect(best.stopReason).toMatch(/in 2 evaluations$/);
});

test('a figure that is not a number is never the best', () => {
  expect(bestOf({}, [Number.NaN, 1, Number.NaN]).best).toMatchObject({ step: 2, value: 1 });
});

test('a saved account goes on as it would have', () => {
  const saved = bestOf({ earlyStoppingPatience: 2 }, [1, 3, 3]);
  const again = new BestModel(resolveTrainingArguments({ ...SAVING, earlyStoppingPatience: 2 }));
  again.restore(JSON.parse(JSON.stringify(saved.state())));
  expect(again.best).toEqual(saved.best);
  again.observe(4, [{ step: 4, name: 'tiny', result: { metrics: { score: 2 }, primaryMetric: 'score' } }]);
  expect(again.stopReason).toBeDefined();
});
