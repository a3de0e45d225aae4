/** What the examples train on: twelve questions and answers that share no word. */
import type { EmbeddingModel } from '@embedbag/core';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';
import type { TrainingArgumentsInput } from '@embedbag/trainer';

const PAIRS = [
  ['who barks at strangers', 'a dog guards its yard'],
  ['who purrs near fire', 'the cat likes warmth'],
  ['what flies south', 'birds travel before winter'],
  ['what gives milk', 'cows are kept for dairy'],
  ['where do ships rest', 'a harbour shelters boats'],
  ['where is bread baked', 'the oven stands behind this shop'],
  ['when does snow melt', 'spring thaws frozen rivers'],
  ['when do owls hunt', 'night birds look for mice'],
  ['why do magnets stick', 'iron follows magnetic force'],
  ['why is grass green', 'leaves hold chlorophyll'],
  ['how are clocks driven', 'springs turn small wheels'],
  ['how is glass made', 'sand melts under great heat'],
] as const;

export const questions: readonly string[] = PAIRS.map(([question]) => question);
export const answers: readonly string[] = PAIRS.map(([, answer]) => answer);
/** For each question an answer of another one. */
export const wrongAnswers: readonly string[] = answers.map((_, row) => answers[(row + 5) % answers.length]!);

/** Small steps for small data; a real run leaves most of this to the defaults. */
export const settings: TrainingArgumentsInput = { numTrainEpochs: 40, perDeviceTrainBatchSize: 12, learningRate: 0.05 };

/** A model of 32 dimensions with a random table, the same at every call with the same seed. */
export function newModel(seed = 1): Promise<StaticEmbedding> {
  const tokenizer = tokenizerFromJson(trainWordPiece([...questions, ...answers], { vocabularySize: 400 }));
  return StaticEmbedding.create({ tokenizer, dimension: 32, seed });
}

/** Cosine similarities of each question with the answer in the same place. */
export async function similarities(
  model: Pick<EmbeddingModel, 'embed'>,
  right: readonly string[] = answers,
): Promise<number[]> {
  const { data, columns } = await model.embed([...questions, ...right]);
  const dot = (a: number, b: number): number => {
    let sum = 0;
    for (let d = 0; d < columns; d++) sum += data[a * columns + d]! * data[b * columns + d]!;
    return sum;
  };
  return questions.map((_, row) => {
    const other = row + questions.length;
    return dot(row, other) / Math.sqrt(dot(row, row) * dot(other, other) || 1);
  });
}

/** How many questions are nearer to their own answer than to every other one. */
export async function answered(model: Pick<EmbeddingModel, 'embed'>): Promise<number> {
  const right = await similarities(model);
  let best = right.map(() => true);
  for (let shift = 1; shift < answers.length; shift++) {
    const wrong = await similarities(
      model,
      answers.map((_, row) => answers[(row + shift) % answers.length]!),
    );
    best = best.map((isBest, row) => isBest && right[row]! > wrong[row]!);
  }
  return best.filter(Boolean).length;
}
