// Two losses over the same rows: learn the pairs, and stay near the model that one began with.
import { datasetFromColumns } from '@embedbag/datasets';
import { embeddingDistillationLoss, guideFromModel, multipleNegativesRankingLoss, sumOfLosses } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings } from './tiny-data.ts';

const model = await newModel();
const before = await newModel();
const dataset = datasetFromColumns({ name: 'pairs', columns: { anchor: questions, positive: answers } });
const stay = embeddingDistillationLoss({ teacher: guideFromModel(before), teacherName: 'before' });
const loss = sumOfLosses([multipleNegativesRankingLoss(), stay], { weights: [1, 0.5] });

await train({ model, datasets: [dataset], loss, arguments: settings });

console.log(await answered(model)); // => 12
model.dispose();
before.dispose();
