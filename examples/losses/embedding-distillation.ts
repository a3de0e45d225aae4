// A teacher's embeddings, from a model, or from a column of the dataset.
import { datasetFromColumns } from '@embedbag/datasets';
import { embeddingDistillationLoss, guideFromModel } from '@embedbag/losses';
import { train } from '@embedbag/trainer';
import { answers, newModel, questions, settings, similarities } from './tiny-data.ts';

const teacher = await newModel(1);
const columns = { anchor: questions, positive: answers };
const wanted = await similarities(teacher);
const run = { arguments: { ...settings, numTrainEpochs: 200 } };

const asked = await newModel(2);
const loss = embeddingDistillationLoss({ teacher: guideFromModel(teacher), distanceMetric: 'cosine' });
const dataset = datasetFromColumns({ name: 'texts', columns });
await train({ ...run, model: asked, datasets: [dataset], loss });
console.log((await similarities(asked)).every((similarity, row) => Math.abs(similarity - wanted[row]!) < 0.1)); // => true

const vectors = teacher.embed([...questions, ...answers]).data;
const vectorOf = (text: number): number[] => [...vectors.subarray(text * 32, (text + 1) * 32)];
const labels = questions.map((_, row) => [...vectorOf(row), ...vectorOf(row + questions.length)]);
const read = await newModel(2);
const labelled = datasetFromColumns({ name: 'texts and vectors', columns, labels });
await train({ ...run, model: read, datasets: [labelled], loss: embeddingDistillationLoss() });
console.log((await similarities(read)).every((similarity, row) => Math.abs(similarity - wanted[row]!) < 0.1)); // => true

for (const model of [teacher, asked, read]) model.dispose();
