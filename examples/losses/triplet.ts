// A wrong answer for each question, and no other row as a negative.
import { datasetFromColumns } from '@embedbag/datasets';
import { tripletLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answers, newModel, questions, settings, similarities, wrongAnswers } from './tiny-data.ts';

const model = await newModel();
const columns = { anchor: questions, positive: answers, negative: wrongAnswers };
const dataset = datasetFromColumns({ name: 'triplets', columns });

await train({
  model,
  datasets: [dataset],
  loss: tripletLoss({ distanceMetric: 'cosine', margin: 0.3 }),
  arguments: settings,
});

const right = await similarities(model);
const wrong = await similarities(model, wrongAnswers);
console.log(right.every((similarity, row) => similarity > wrong[row]! + 0.2)); // => true
model.dispose();
