import { comparedDimension, type Matrix, type TopKRequest, type TopKResult } from '@embedbag/core';
import type { Tensor2D } from '@tensorflow/tfjs';
import { inverseNorms } from './inverse-norms.js';
import type { TensorFlow } from './load-tensorflow.js';

/** Values of either matrix, and similarities, that are on the backend at a time: 16 MB each. */
const VALUES_AT_ONCE = 2 ** 22;
const MOST_QUERIES_AT_ONCE = 256;

/** Rows `[start, end)` of a matrix, and what each is divided by. */
interface Panel {
  readonly values: Tensor2D;
  readonly factors: Float32Array | undefined;
}

/** The first `dimension` columns of rows `[start, end)`. */
function panel(tf: TensorFlow, matrix: Matrix, range: readonly [number, number], request: TopKRequest): Panel {
  const [start, end] = range;
  const { columns } = matrix;
  const dimension = comparedDimension(request);
  const data = matrix.data.subarray(start * columns, end * columns);
  const rows = end - start;
  const whole = tf.tensor2d(data, [rows, columns]);
  const values = dimension === columns ? whole : tf.slice(whole, [0, 0], [rows, dimension]);
  const [factors] = request.similarity === 'cosine' ? inverseNorms({ data, rows, columns }, [dimension]) : [];
  return { values, factors };
}

/** `[queries, documents]`; adding zero turns the -0 of a zero vector into 0. */
function scoresOf(tf: TensorFlow, queries: Panel, documents: Panel): Tensor2D {
  const dots = tf.matMul(queries.values, documents.values, false, true);
  if (queries.factors === undefined || documents.factors === undefined) return tf.add(dots, 0);
  const rows = tf.mul(dots, tf.tensor2d(queries.factors, [queries.factors.length, 1]));
  return tf.add(tf.mul(rows, tf.tensor2d(documents.factors, [1, documents.factors.length])), 0);
}

/** The best documents so far of a stretch of queries, `[queries, kept]`. */
interface Shortlist {
  readonly scores: Tensor2D;
  readonly indices: Tensor2D;
}

/**
 * The best of the shortlist and of the documents from `start` on. The former stand first and have lower indices, so that
 * among equal scores the lower index wins.
 */
function merge(tf: TensorFlow, list: Shortlist | undefined, scores: Tensor2D, start: number, k: number): Shortlist {
  const best = tf.topk(scores, Math.min(k, scores.shape[1]));
  const indices = tf.add(best.indices, tf.scalar(start, 'int32')) as Tensor2D;
  if (list === undefined) return { scores: best.values as Tensor2D, indices };
  const allScores = tf.concat([list.scores, best.values as Tensor2D], 1);
  const allIndices = tf.concat([list.indices, indices], 1);
  const kept = tf.topk(allScores, Math.min(k, allScores.shape[1]));
  return { scores: kept.values as Tensor2D, indices: tf.gather(allIndices, kept.indices, 1, 1) as Tensor2D };
}

/** See `Kernels.topK`. */
export function topK(tf: TensorFlow, request: TopKRequest): TopKResult {
  const { queries, documents } = request;
  const dimension = comparedDimension(request);
  const k = Math.max(0, Math.min(Math.floor(request.k), documents.rows));
  const indices = new Int32Array(queries.rows * k);
  const scores = new Float32Array(queries.rows * k);
  if (k === 0) return { indices, scores, k };
  const queriesAtOnce = Math.max(1, Math.min(MOST_QUERIES_AT_ONCE, Math.floor(VALUES_AT_ONCE / dimension)));
  const widest = Math.max(queries.columns, Math.min(queriesAtOnce, queries.rows));
  const documentsAtOnce = Math.max(1, Math.floor(VALUES_AT_ONCE / widest));
  for (let start = 0; start < queries.rows; start += queriesAtOnce) {
    const end = Math.min(queries.rows, start + queriesAtOnce);
    tf.tidy(() => {
      const asking = panel(tf, queries, [start, end], request);
      let list: Shortlist | undefined;
      for (let first = 0; first < documents.rows; first += documentsAtOnce) {
        const last = Math.min(documents.rows, first + documentsAtOnce);
        const before: Shortlist | undefined = list;
        list = tf.tidy(() => {
          const answering = panel(tf, documents, [first, last], request);
          return { ...merge(tf, before, scoresOf(tf, asking, answering), first, k) };
        });
        if (before !== undefined) tf.dispose({ ...before });
      }
      if (list === undefined) return;
      scores.set(list.scores.dataSync(), start * k);
      indices.set(list.indices.dataSync(), start * k);
    });
  }
  return { indices, scores, k };
}
