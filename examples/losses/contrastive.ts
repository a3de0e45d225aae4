// Pairs judged to belong together, 1, or not, 0.
import { datasetFromColumns } from '@embedbag/datasets';
import { contrastiveLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answers, newModel, questions, settings, similarities, wrongAnswers } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({
  name: 'judged',
  columns: { anchor: [...questions, ...questions], positive: [...answers, ...wrongAnswers] },
  labels: [...answers.map(() => 1), ...wrongAnswers.map(() => 0)],
});

await train({ model, datasets: [dataset], loss: contrastiveLoss({ margin: 0.5 }), arguments: settings });

const right = await similarities(model);
const wrong = await similarities(model, wrongAnswers);
console.log(right.every((similarity, row) => similarity > 0.6 && wrong[row]! < 0.6)); // => true
model.dispose();
