// One run over datasets of different kinds: each has the loss of its name, and each batch comes from one of them.
import { datasetFromColumns } from '@embedbag/datasets';
import { cosentLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings, wrongAnswers } from './tiny-data.ts';

const model = await newModel();
const pairs = datasetFromColumns({ name: 'pairs', columns: { anchor: questions, positive: answers } });
const graded = datasetFromColumns({
  name: 'graded',
  columns: { anchor: [...questions, ...questions], positive: [...answers, ...wrongAnswers] },
  labels: [...answers.map(() => 1), ...wrongAnswers.map(() => 0)],
});

const { steps } = await train({
  model,
  datasets: [pairs, graded],
  loss: { pairs: multipleNegativesRankingLoss(), graded: cosentLoss() },
  arguments: settings,
});

console.log(steps); // => 120
console.log(await answered(model)); // => 12
model.dispose();
