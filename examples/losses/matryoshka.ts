// Prefixes of the embedding are trained too, so that a truncated one still works.
import { datasetFromColumns } from '@embedbag/datasets';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings } from './tiny-data.ts';

const model = await newModel();
const dataset = datasetFromColumns({ name: 'pairs', columns: { anchor: questions, positive: answers } });
const loss = matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [32, 16, 8], weights: [1, 1, 0.5] });

await train({ model, datasets: [dataset], loss, arguments: settings });

const truncated = { embed: (texts: readonly string[]) => model.encode(texts, { truncateDim: 8 }) };
console.log(await answered(truncated)); // => 12
model.dispose();
