import {
  EmbedbagError,
  LOSS_CONTRACT,
  type Loss,
  type LossColumns,
  type LossComputeInput,
  type TextGuide,
} from '@embedbag/core';
import { oneOf } from './invalid-option.js';
import { checkColumns, checkFinite, clearGradients, expectPrepared } from './loss-batch.js';
import { type Pair, type PairGradients, pairMeasure } from './pair-measure.js';
import { askGuide, checkGuide, type GuideEmbeddings } from './text-guide.js';

/** How far an embedding is from the teacher's: `1 - cosine`, Euclidean distance, or mean squared difference. */
export type DistillationDistanceMetric = 'cosine' | 'l2' | 'mse';

/** The options of {@link embeddingDistillationLoss}. */
export interface EmbeddingDistillationLossOptions {
  /**
   * Gives the embeddings to reach; see `guideFromModel`, `guideFromFolder` and `guideFromVectors`. Default: none, they stand in
   * the labels, a vector for each text of a row, `[rows, columns, dimension]`.
   */
  readonly teacher?: TextGuide;
  /** Names the teacher in the config and on the model card. Default: `teacher`, or `labels`. */
  readonly teacherName?: string;
  /** Default: `cosine`. */
  readonly distanceMetric?: DistillationDistanceMetric;
  /**
   * Compare with the first dimensions of a teacher that has more than the embedding, which is right for a teacher trained
   * with Matryoshka, and needed inside `matryoshkaLoss`. Default: false, such a teacher is refused.
   */
  readonly truncateTeacher?: boolean;
}

const NAME = 'EmbedDistillLoss';
const COLUMNS: LossColumns = { min: 1, labels: 'none' };
const LABELLED_COLUMNS: LossColumns = { min: 1, labels: 'vector' };
const METRICS: readonly DistillationDistanceMetric[] = ['cosine', 'l2', 'mse'];

const CITATION = `@article{kim2023embeddistill,
    title={EmbedDistill: A Geometric Knowledge Distillation for Information Retrieval},
    author={Kim, Seungyeon and Rawat, Ankit Singh and Zaheer, Manzil and Jayasumana, Sadeep and Sadhanala, Veeranjaneyulu and Jitkrittum, Wittawat and Menon, Aditya Krishna and Fergus, Rob and Kumar, Sanjiv},
    year={2023},
    eprint={2301.12005},
    archivePrefix={arXiv},
    primaryClass={cs.IR}
}`;

/** A distance to minimise, from the measures of pairs. */
interface Distance {
  value(pair: Pair): number;
  addGradient(pair: Pair, weight: number, gradients: PairGradients): void;
}

function distanceOf(metric: DistillationDistanceMetric): Distance {
  if (metric === 'l2') return pairMeasure('euclidean');
  if (metric === 'cosine') {
    const cosine = pairMeasure('cosine');
    return {
      value: (pair) => 1 - cosine.value(pair),
      addGradient: (pair, weight, gradients) => cosine.addGradient(pair, -weight, gradients),
    };
  }
  return {
    value({ a, b, offset, dimension }) {
      let squares = 0;
      for (let d = offset; d < offset + dimension; d++) squares += (a[d]! - b[d]!) * (a[d]! - b[d]!);
      return squares / dimension;
    },
    addGradient({ a, b, offset, dimension }, weight, gradients) {
      const share = (2 * weight) / dimension;
      for (let d = offset; d < offset + dimension; d++) gradients.a![d]! += share * (a[d]! - b[d]!);
    },
  };
}

/** The teacher's column as wide as the embeddings; throws `teacher-dimension` where it is not and must not be cut. */
function teacherColumn(
  teacher: GuideEmbeddings,
  column: number,
  { rows, dimension }: LossComputeInput,
  truncate: boolean,
): Float32Array {
  const data = teacher.columns[column]!;
  if (teacher.dimension === dimension) return data;
  if (truncate && teacher.dimension > dimension) {
    const cut = new Float32Array(rows * dimension);
    for (let row = 0; row < rows; row++) {
      const start = row * teacher.dimension;
      cut.set(data.subarray(start, start + dimension), row * dimension);
    }
    return cut;
  }
  const remedy =
    teacher.dimension > dimension ? 'Set `truncateTeacher`, or train a wider model.' : 'Train a narrower model.';
  throw new EmbedbagError({
    code: 'teacher-dimension',
    message: `Expected \`teacher\` to have the embedding's ${dimension} dimensions, received ${teacher.dimension}. ${remedy}`,
    details: { expected: dimension, received: teacher.dimension },
  });
}

/** The teacher's embeddings by column, from labels `[rows, columns, dimension]`; throws `wrong-labels`. */
function teacherOfLabels({ labels, rows, embeddings }: LossComputeInput): GuideEmbeddings {
  const count = embeddings.length;
  const dimension = labels === undefined ? 0 : labels.length / (rows * count);
  if (labels === undefined || !Number.isInteger(dimension)) {
    throw new EmbedbagError({
      code: 'wrong-labels',
      message: `Expected \`${NAME}\` without a \`teacher\` to get a vector for each of a row's ${count} texts as labels, received ${labels === undefined ? 'none' : `${labels.length / rows} numbers a row`}. Give the dataset a column of vectors, or the loss a \`teacher\`.`,
      details: { columns: count, received: labels?.length ?? 0 },
    });
  }
  checkFinite(NAME, labels);
  const columns = embeddings.map((_, column) => {
    const data = new Float32Array(rows * dimension);
    for (let row = 0; row < rows; row++) {
      const start = (row * count + column) * dimension;
      data.set(labels.subarray(start, start + dimension), row * dimension);
    }
    return data;
  });
  return { columns, dimension };
}

/**
 * EmbedDistillLoss: every text's embedding must be that of a teacher.
 *
 *     loss = mean over columns of mean over rows of distance(embedding, teacher(text))
 *
 * Inputs: (text), (text_1, text_2), ... or any number of columns; no labels with a `teacher`, and without one its vector for
 * each text of the row. Rows of a column without a text count nothing.
 *
 * Requirements: a teacher with the model's dimension, or a wider one and `truncateTeacher`. Recommendations:
 * `guideFromFolder` with embeddings made once, when the dataset is trained on for several epochs.
 *
 * Relations: `marginMseLoss` takes a teacher's scores instead. As a part of `sumOfLosses` beside
 * `multipleNegativesRankingLoss` it keeps a model near its teacher.
 *
 * Reference: sentence-transformers 6.2, losses/embed_distill.py, without its projection; Kim et al. 2023, arXiv 2301.12005.
 *
 * @throws EmbedbagError `invalid-loss-option` here, `guide-shape` and `teacher-dimension` for a teacher that does not fit,
 * `not-prepared` and `wrong-labels` for a batch that was not prepared, or has no vectors.
 *
 * @example
 * ```ts
 * const loss = embeddingDistillationLoss({ teacher: guideFromModel(teacherModel), distanceMetric: 'cosine' });
 * ```
 */
export function embeddingDistillationLoss(
  options: EmbeddingDistillationLossOptions = {},
): Loss<GuideEmbeddings | undefined> {
  const distanceMetric = oneOf('distanceMetric', METRICS, options.distanceMetric ?? 'cosine');
  const { truncateTeacher = false } = options;
  const teacher = options.teacher && checkGuide('teacher', options.teacher);
  const teacherName = options.teacherName ?? (teacher ? 'teacher' : 'labels');
  const columns = teacher ? COLUMNS : LABELLED_COLUMNS;
  const distance = distanceOf(distanceMetric);
  const loss: Loss<GuideEmbeddings | undefined> = {
    contract: LOSS_CONTRACT,
    name: NAME,
    config: { teacher: teacherName, distanceMetric, truncateTeacher },
    columns,
    citation: CITATION,
    compute(input: LossComputeInput<GuideEmbeddings | undefined>, gradients?: readonly Float32Array[]): number {
      const { embeddings, rows, dimension, valid } = input;
      checkColumns(NAME, columns, embeddings.length, 'any texts');
      const prepared = teacher ? expectPrepared(NAME, input.prepared) : teacherOfLabels(input);
      clearGradients(input, gradients);
      let sum = 0;
      for (const [column, a] of embeddings.entries()) {
        const b = teacherColumn(prepared, column, input, truncateTeacher);
        const mask = valid?.[column]?.subarray(0, rows);
        const counted = mask ? mask.reduce((sum, one) => sum + (one === 0 ? 0 : 1), 0) : rows;
        const weight = 1 / (counted * embeddings.length);
        for (let row = 0; row < rows; row++) {
          if (mask?.[row] === 0) continue;
          const pair = { a, b, offset: row * dimension, dimension };
          sum += weight * distance.value(pair);
          if (gradients) distance.addGradient(pair, weight, { a: gradients[column], b: undefined });
        }
      }
      return sum;
    },
  };
  return teacher ? { ...loss, prepare: (input, signal) => askGuide('teacher', teacher, input, signal) } : loss;
}
