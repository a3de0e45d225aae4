// The same loss for batches of tens of thousands: `miniBatchSize` rows of similarities are held at once.
import { datasetFromColumns } from '@embedbag/datasets';
import { cachedMultipleNegativesRankingLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({ name: 'pairs', columns: { anchor: questions, positive: answers } });
const loss = cachedMultipleNegativesRankingLoss({ scale: 20, miniBatchSize: 8 });

await train({ model, datasets: [dataset], loss, arguments: settings });

console.log(await answered(model)); // => 12
model.dispose();
