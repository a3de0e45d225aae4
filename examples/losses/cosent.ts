// Graded similarity: only the order of the scores counts.
import { datasetFromColumns } from '@embedbag/datasets';
import { cosentLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings, wrongAnswers } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({
  name: 'graded',
  columns: { anchor: [...questions, ...questions], positive: [...answers, ...wrongAnswers] },
  labels: [...answers.map(() => 5), ...wrongAnswers.map(() => 1)],
});

await train({ model, datasets: [dataset], loss: cosentLoss({ scale: 20 }), arguments: settings });

console.log((await answered(model)) >= 11); // => true
model.dispose();
