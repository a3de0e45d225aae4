import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LossComputeInput } from '@embedbag/core';
import { datasetFromColumns, guideFromFolder, writeGuideEmbeddings } from '@embedbag/datasets';
import {
  cosentLoss,
  embeddingDistillationLoss,
  type GuideEmbeddings,
  gistEmbedLoss,
  guideFromModel,
  marginMseLoss,
  matryoshkaLoss,
  multipleNegativesRankingLoss,
  tripletLoss,
} from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { describe, expect, test } from 'vitest';
import { pair, pairsDataset, tableOf, tinyModel, useTinyRuns } from './training-fixtures.js';

const tiny = useTinyRuns();

const PAIRS = Array.from({ length: 16 }, (_, i) => pair(i));
const anchor = PAIRS.map(([text]) => text);
const positive = PAIRS.map(([, text]) => text);
/** Row `i` has `i % 3` negatives. */
const negatives = PAIRS.map((_, i) => Array.from({ length: i % 3 }, (_, k) => pair(100 + i * 3 + k)[1]));

describe('what a dataset has reaches its loss', () => {
  test('ragged negatives arrive with the mask of the rows that have them', async () => {
    const seen: LossComputeInput[] = [];
    const loss = multipleNegativesRankingLoss();
    await tiny.run({
      datasets: [datasetFromColumns({ name: 'ragged', columns: { anchor, positive, negatives } })],
      loss: {
        ...loss,
        compute(input, gradients) {
          seen.push({ ...input, embeddings: input.embeddings.map((matrix) => matrix.slice()) });
          return loss.compute(input as LossComputeInput<undefined>, gradients);
        },
      },
    });
    const { embeddings, valid, rows, dimension } = seen[0]!;
    expect(rows).toBe(16);
    expect(valid!.map((mask) => mask?.reduce((sum, one) => sum + one, 0))).toEqual([undefined, undefined, 10, 5]);
    for (let row = 0; row < rows; row++) {
      const vector = embeddings[3]!.subarray(row * dimension, (row + 1) * dimension);
      expect(vector.some((value) => value !== 0)).toBe(valid![3]![row] === 1);
    }
  });

  test('ragged negatives train inside Matryoshka too', async () => {
    const dataset = datasetFromColumns({ name: 'ragged', columns: { anchor, positive, negatives } });
    const { model, summary } = await tiny.run({
      datasets: [dataset],
      loss: matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [8, 4] }),
    });
    expect(summary.outcome).toBe('completed');
    expect(tableOf(model).every(Number.isFinite)).toBe(true);
  });

  test('a list of labels a row arrives as margins, for ragged negatives too', async () => {
    const labels = negatives.map((texts, row) => texts.map((_, k) => row + k / 10));
    const seen: Float32Array[] = [];
    const loss = marginMseLoss({ similarity: 'cosine' });
    await tiny.run({
      datasets: [datasetFromColumns({ name: 'margins', columns: { anchor, positive, negatives }, labels })],
      loss: {
        ...loss,
        compute(input, gradients) {
          seen.push(input.labels!.slice());
          return loss.compute(input, gradients);
        },
      },
    });
    const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
    expect(seen[0]!.length).toBe(32);
    expect(sum(seen[0]!)).toBeCloseTo(sum(labels.flat()), 4);
  });

  test("a column of a teacher's vectors is learned", async () => {
    const model = await tinyModel(tiny.kernels);
    const teacher = model.embed([...anchor, ...positive]);
    const vector = (row: number): number[] => [...teacher.data.subarray(row * 8, (row + 1) * 8)].map((x) => x + 0.5);
    const labels = anchor.map((_, row) => [...vector(row), ...vector(row + anchor.length)]);
    const { summary } = await tiny.run({
      model,
      datasets: [datasetFromColumns({ name: 'taught', columns: { anchor, positive }, labels })],
      loss: embeddingDistillationLoss({ distanceMetric: 'mse' }),
      arguments: { numTrainEpochs: 60, learningRate: 0.05, loggingSteps: 1 },
    });
    const losses = summary.history.map((line) => line.loss as number);
    expect(losses[0]).toBeCloseTo(0.25, 3);
    expect(losses[59]).toBeLessThan(0.05);
  });
});

describe('a guide', () => {
  test("is the model's own earlier checkpoint, loaded from its folder", async () => {
    const outputDir = join(tiny.folder, 'first');
    await tiny.run({ arguments: { outputDir, saveStrategy: 'steps', saveSteps: 2 } });
    const earlier = await StaticEmbedding.load(join(outputDir, 'checkpoint-2'), { kernels: tiny.kernels });
    const loss = gistEmbedLoss({ guide: guideFromModel(earlier), guideName: 'checkpoint-2', temperature: 0.05 });
    const second = join(tiny.folder, 'second');
    const { summary } = await tiny.run({ loss, arguments: { outputDir: second } });
    expect(summary.outcome).toBe('completed');
    const card = await readFile(join(second, 'final', 'README.md'), 'utf8');
    expect(card).toContain('"guide": "checkpoint-2"');
    expect(card).toContain('@misc{solatorio2024gistembed,');
  });

  test('trains the same model from a folder of embeddings as when it is asked at every step', async () => {
    const datasets = [pairsDataset('pairs', 40), pairsDataset('more', 24, 300)];
    const guide = guideFromModel(await tinyModel(tiny.kernels));
    const folder = join(tiny.folder, 'guide');
    await writeGuideEmbeddings(folder, { datasets, guide, guideName: 'tiny' });
    const stored = await guideFromFolder(folder, { datasets, guideName: 'tiny' });
    const asked = await tiny.run({ datasets, loss: gistEmbedLoss({ guide, margin: 0.2 }) });
    const read = await tiny.run({ datasets, loss: gistEmbedLoss({ guide: stored, margin: 0.2 }) });
    const unguided = await tiny.run({ datasets, loss: multipleNegativesRankingLoss({ scale: 100 }) });
    expect(tableOf(read.model)).toEqual(tableOf(asked.model));
    expect(tableOf(read.model)).not.toEqual(tableOf(unguided.model));
  });
});

describe('a loss that gets what it cannot use says what it needs', () => {
  test.each([
    [
      'no labels',
      cosentLoss(),
      pairsDataset('pairs', 16),
      'loss `CoSENTLoss` takes a score label, dataset `pairs` has no labels',
    ],
    [
      'no vectors',
      embeddingDistillationLoss(),
      pairsDataset('pairs', 16),
      'loss `EmbedDistillLoss` takes a vector label, dataset `pairs` has no labels',
    ],
    [
      'no negative',
      tripletLoss(),
      pairsDataset('pairs', 16),
      'loss `TripletLoss` takes 3 text columns, dataset `pairs` has 2 (anchor, positive)',
    ],
    [
      'no negative inside Matryoshka',
      matryoshkaLoss(tripletLoss(), { dims: [8, 4] }),
      pairsDataset('pairs', 16),
      'loss `MatryoshkaLoss` over `TripletLoss` takes 3 text columns, dataset `pairs` has 2 (anchor, positive)',
    ],
    [
      'no labels inside Matryoshka',
      matryoshkaLoss(cosentLoss(), { dims: [8, 4] }),
      pairsDataset('pairs', 16),
      'loss `MatryoshkaLoss` over `CoSENTLoss` takes a score label, dataset `pairs` has no labels',
    ],
  ])('%s', async (_, loss, dataset, mismatch) => {
    await expect(tiny.run({ datasets: [dataset], loss })).rejects.toThrow(
      `Expected datasets that their losses can work with, received 1 that they cannot: ${mismatch}. Choose other columns when the dataset is read, or another loss for it.`,
    );
  });

  test('another number of scores than negatives', async () => {
    const columns = { anchor, positive, negative_1: anchor, negative_2: positive };
    const dataset = datasetFromColumns({ name: 'margins', columns, labels: anchor.map(() => 0.5) });
    await expect(tiny.run({ datasets: [dataset], loss: marginMseLoss() })).rejects.toThrow(
      'Expected `MarginMSELoss` to get 2 margins or 3 scores a row as labels for 2 negatives, received 1. Give one for each negative, or drop columns.',
    );
  });

  test('dims that the model does not have', async () => {
    const loss = matryoshkaLoss<GuideEmbeddings | undefined>(embeddingDistillationLoss(), { dims: [16, 8] });
    const labels = anchor.map(() => Array.from({ length: 16 }, () => 1));
    const dataset = datasetFromColumns({ name: 'taught', columns: { anchor, positive }, labels });
    await expect(tiny.run({ datasets: [dataset], loss })).rejects.toThrow(
      "Expected `dims` to be at most the model's 8 dimensions, received 16. Lower it or train a wider model.",
    );
  });

  test('each dataset of a run has the loss of its name', async () => {
    const scored = datasetFromColumns({
      name: 'scored',
      columns: { anchor, positive },
      labels: anchor.map((_, i) => i),
    });
    const { summary } = await tiny.run({
      datasets: [pairsDataset('pairs', 32, 200), scored],
      loss: { pairs: multipleNegativesRankingLoss(), scored: cosentLoss() },
    });
    expect(summary.steps).toBe(3);
    expect(
      tiny.events
        .filter((event) => event.type === 'step-end')
        .map((event) => event.dataset)
        .sort(),
    ).toEqual(['pairs', 'pairs', 'scored']);
  });
});
