// The cosine itself becomes the score.
import { datasetFromColumns } from '@embedbag/datasets';
import { cosineSimilarityLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answers, newModel, questions, settings, similarities } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({
  name: 'scored',
  columns: { anchor: questions, positive: answers },
  labels: questions.map((_, row) => (row % 2 === 0 ? 0.8 : 0.2)),
});

await train({
  model,
  datasets: [dataset],
  loss: cosineSimilarityLoss(),
  arguments: { ...settings, numTrainEpochs: 100 },
});

const [high, low] = await similarities(model);
console.log(Math.abs(high! - 0.8) < 0.05 && Math.abs(low! - 0.2) < 0.05); // => true
model.dispose();
