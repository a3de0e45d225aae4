// Pairs that belong together: every other answer of the batch is a wrong one.
import { datasetFromColumns } from '@embedbag/datasets';
import { multipleNegativesRankingLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({ name: 'pairs', columns: { anchor: questions, positive: answers } });

await train({ model, datasets: [dataset], loss: multipleNegativesRankingLoss({ scale: 20 }), arguments: settings });

console.log(await answered(model)); // => 12
model.dispose();
