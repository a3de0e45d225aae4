import { createTypeScriptKernels } from '@embedbag/kernels';
import { expect, test } from 'vitest';
import { RunCard } from './run-card.js';
import type { EvaluationRecord } from './train-options.js';
import { pairsDataset, tinyModel, tinyPlan } from './training-fixtures.js';

const at = (step: number, key: string, value: number, name = key): EvaluationRecord => ({
  step,
  name,
  result: { metrics: { [key]: value }, primaryMetric: key },
});

async function cardOf(startStep = 0): Promise<RunCard> {
  const plan = tinyPlan({
    model: await tinyModel(createTypeScriptKernels()),
    datasets: [pairsDataset('pairs', 64)],
  });
  const card = await RunCard.open(plan);
  card.startAt({ step: startStep, pairs: startStep * 16 });
  return card;
}

const MOMENT = { progress: { step: 4, pairs: 64 }, evaluations: [], history: [], elapsedMs: 4000, stepsMs: 2000 };

test('the loss on held-out data is drawn with the training loss, and scores below', async () => {
  const history = [
    { step: 2, loss: 3 },
    { step: 2, eval_loss: 2.5 },
    { step: 4, loss: 1 },
  ];
  const evaluations = [at(2, 'loss', 2.5), at(2, 'sts_spearman_cosine', 0.5), at(4, 'loss', 2)];
  const { curve, readme } = (await cardOf()).files({ ...MOMENT, history, evaluations });
  const [losses, scores] = curve!.split('>Scores<');
  expect(losses).toContain('>training loss<');
  expect(losses).toContain('>loss on held-out data<');
  expect(scores).toContain('>sts_spearman_cosine<');
  expect(curve!.match(/<polyline/g)).toHaveLength(3);
  expect(readme).toContain('### loss, at step 4');
});

test('a table that is evaluated again at its step is drawn once', async () => {
  const evaluations = [at(4, 'score', 0.25), at(4, 'score', 0.75)];
  const { curve } = (await cardOf()).files({ ...MOMENT, evaluations });
  expect(curve!.match(/<circle/g)).toHaveLength(1);
});

test('without a log and evaluations there is no picture', async () => {
  const { curve, readme } = (await cardOf()).files(MOMENT);
  expect(curve).toBeUndefined();
  expect(readme).not.toContain('.svg');
});

test('what goes on from a checkpoint is measured from there', async () => {
  const { readme } = (await cardOf(2)).files(MOMENT);
  expect(readme).toContain('- Time: 4.0 s, from step 2 on; in steps 2.0 s, 16 rows a second\n');
});
