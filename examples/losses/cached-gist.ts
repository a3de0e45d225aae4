// Large batches with a guide whose embeddings are made once, kept in a folder and read a batch at a time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datasetFromColumns, guideFromFolder, writeGuideEmbeddings } from '@embedbag/datasets';
import { cachedGistEmbedLoss, guideFromModel } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answered, answers, newModel, questions, settings } from './tiny-data.ts';

const datasets = [datasetFromColumns({ name: 'pairs', columns: { anchor: questions, positive: answers } })];
const guideModel = await newModel(2);
const folder = await mkdtemp(join(tmpdir(), 'embedbag-guide-'));
const embeddings = join(folder, 'guide');

await writeGuideEmbeddings(embeddings, { datasets, guide: guideFromModel(guideModel), guideName: 'random' });
const guide = await guideFromFolder(embeddings, { datasets, guideName: 'random' });

const model = await newModel(1);
const loss = cachedGistEmbedLoss({ guide, guideName: 'random', margin: 0, temperature: 0.05, miniBatchSize: 8 });
const { meanLoss } = await train({ model, datasets, loss, arguments: settings });

console.log(meanLoss < 1); // => true
console.log((await answered(model)) > 6); // => true
await rm(folder, { recursive: true });
model.dispose();
guideModel.dispose();
