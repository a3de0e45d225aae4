// Many rows with the same question: the model of a first run, the guide, tells that their answers are right for each other.
import { datasetFromColumns } from '@embedbag/datasets';
import { gistEmbedLoss, guideFromModel, multipleNegativesRankingLoss } from '@embedbag/losses';
import { defaultBatchSampler } from '@embedbag/samplers';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings } from './tiny-data.ts';

const dataset = datasetFromColumns({
  name: 'pairs',
  columns: {
    anchor: [...questions, ...questions],
    positive: [...answers, ...answers.map((answer) => answer.replace(/^(a|the) /, ''))],
  },
});
const run = { datasets: [dataset], batchSampler: defaultBatchSampler(), arguments: settings };

const first = await newModel(1);
await train({ ...run, model: first, loss: multipleNegativesRankingLoss() });

const model = await newModel(2);
const loss = gistEmbedLoss({ guide: guideFromModel(first), guideName: 'first', temperature: 0.05, margin: 0.1 });
await train({ ...run, model, loss });

console.log(await answered(model)); // => 12
model.dispose();
first.dispose();
