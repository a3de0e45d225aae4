import { datasetFromColumns } from '@embedbag/datasets';
import { gistEmbedLoss, guideFromModel, matryoshkaLoss, sumOfLosses, globalOrthogonalRegularization, multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';
import { train } from '@embedbag/trainer';
import { expect, test } from 'vitest';

test('trains', async () => {
  const anchor = Array.from({ length: 64 }, (_, i) => `question ${i} about w${i % 17}`);
  const positive = Array.from({ length: 64 }, (_, i) => `answer ${i} tells w${i % 17}`);
  const tokenizer = tokenizerFromJson(trainWordPiece([...anchor, ...positive], { vocabularySize: 300 }));
  for (const make of [
    (g: StaticEmbedding) => matryoshkaLoss(gistEmbedLoss({ guide: guideFromModel(g) }), { dims: [16, 8] }),
    (g: StaticEmbedding) => sumOfLosses([multipleNegativesRankingLoss({ maskEqualTexts: true }), globalOrthogonalRegularization()]),
  ]) {
    const model = await StaticEmbedding.create({ tokenizer, dimension: 16, seed: 1 });
    const guide = await StaticEmbedding.create({ tokenizer, dimension: 8, seed: 2 });
    const losses: number[] = [];
    await train({
      model, datasets: [datasetFromColumns({ name: 'd', columns: { anchor, positive } })], loss: make(guide),
      arguments: { perDeviceTrainBatchSize: 32, numTrainEpochs: 5, loggingSteps: 1, learningRate: 0.05 } as never,
      onEvent: (e) => { if (e.type === 'step-end') losses.push(e.loss); },
    });
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    expect(losses).toEqual([]);
  }
});
