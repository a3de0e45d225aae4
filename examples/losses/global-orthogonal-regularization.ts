// Spreads embeddings over the space: an add-on to another loss.
import { datasetFromColumns } from '@embedbag/datasets';
import { globalOrthogonalRegularization, multipleNegativesRankingLoss, sumOfLosses } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({ name: 'pairs', columns: { anchor: questions, positive: answers } });
const loss = sumOfLosses([multipleNegativesRankingLoss(), globalOrthogonalRegularization()], { weights: [1, 0.1] });

await train({ model, datasets: [dataset], loss, arguments: settings });

console.log(await answered(model)); // => 12
model.dispose();
