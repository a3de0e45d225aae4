// A teacher's scores, of a cross-encoder as a rule: by how much the right answer is better than each wrong one.
import { datasetFromColumns } from '@embedbag/datasets';
import { marginMseLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answers, newModel, questions, settings, similarities, wrongAnswers } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({
  name: 'scored',
  // Any number of wrong answers a row; its scores begin with that of the right one.
  columns: {
    anchor: questions,
    positive: answers,
    negatives: wrongAnswers.map((wrong, row) => (row < 4 ? [wrong] : [wrong, answers[(row + 1) % 12]!])),
  },
  labels: questions.map((_, row) => (row < 4 ? [0.9, 0.4] : [0.9, 0.4, 0.1])),
});

await train({ model, datasets: [dataset], loss: marginMseLoss({ similarity: 'cosine' }), arguments: settings });

const [right] = await similarities(model);
const [wrong] = await similarities(model, wrongAnswers);
console.log((right! - wrong!).toFixed(1)); // => 0.5
model.dispose();
