import os from 'node:os';
import { cachedMultipleNegativesRankingLoss, matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { clipCoefficient, createAdamW, resolveTrainingArguments } from '@embedbag/trainer';
import { bestArithmetic } from './machine-work.mjs';
import { openPartTimes } from './part-times.mjs';
import { createSideKernels } from './side-kernels.mjs';
import { readJsonFile } from './work.mjs';

/** @typedef {import('@embedbag/core').Kernels} Kernels */

/** Losses of later steps drift apart with the last digits of the tables. The same in python/train_step.py. */
const COMPARED_STEPS = 4;

/**
 * The texts of all batches, each its anchors, then its positives: from two columns, or from one list whose first half are the
 * anchors.
 *
 * @param {any} settings
 * @returns {string[][]}
 */
function batchesOf({ texts, pairs, rows, batches = 1 }) {
  const list = texts === undefined ? undefined : readJsonFile(texts);
  const { anchors, positives } =
    list === undefined
      ? readJsonFile(pairs)
      : { anchors: list.slice(0, list.length / 2), positives: list.slice(list.length / 2) };
  return Array.from({ length: batches }, (_, i) =>
    [anchors, positives].flatMap((column) => column.slice(i * rows, (i + 1) * rows)),
  );
}

/**
 * A model, its optimizer and its batches; `step` trains on the next of them.
 *
 * @param {Kernels} kernels
 * @param {any} settings
 * @param {import('@embedbag/core').ContrastiveProducts} products
 */
async function openTraining(kernels, settings, products) {
  const { rows, dims, learningRate, miniBatchSize } = settings;
  const model = await StaticEmbedding.load(settings.model, { kernels });
  const { table, dimension } = model;
  const batches = batchesOf(settings).map((texts) => model.tokenize(texts));
  let steps = 0;
  const optimizer = createAdamW({ mode: settings.optimizer ?? resolveTrainingArguments().optimizer });
  let state = optimizer.init(kernels, table);
  const [embeddings, gradients] = [0, 1].map(() => kernels.allocateFloat32(2 * rows * dimension));
  if (embeddings === undefined || gradients === undefined) throw new Error('Expected two arrays.');
  const ranking =
    miniBatchSize === undefined
      ? multipleNegativesRankingLoss()
      : cachedMultipleNegativesRankingLoss({ miniBatchSize });
  const loss = dims.length === 1 && dims[0] === dimension ? ranking : matryoshkaLoss(ranking, { dims });
  const halves = (/** @type {Float32Array} */ all) => [
    all.subarray(0, rows * dimension),
    all.subarray(rows * dimension),
  ];
  const parts = openPartTimes();
  const input = { embeddings: halves(embeddings), rows, dimension, prepared: undefined, kernels, products };
  return {
    step() {
      const bags = /** @type {import('@embedbag/core').TokenBags} */ (batches[steps % batches.length]);
      steps += 1;
      const ids = bags.ids.subarray(bags.offsets[0], bags.offsets.at(-1));
      parts.time('catch up', () => optimizer.catchUp(state, { kernels, table, ids }));
      parts.time('bag forward', () => kernels.bagForward(table, bags, embeddings));
      const value = parts.time('loss', () => loss.compute(input, halves(gradients)));
      const gradient = parts.time('bag backward', () => kernels.bagBackward(bags, gradients, dimension));
      const gradientScale = parts.time('clip', () => clipCoefficient(kernels.gradientNorm(gradient), 1));
      const update = { kernels, table, gradient, gradientScale, learningRate };
      state = parts.time('AdamW', () => optimizer.update(state, update));
      return value;
    },
    takeParts: () => parts.take(),
    end() {
      optimizer.release(kernels, state);
      kernels.release(embeddings);
      kernels.release(gradients);
      model.dispose();
    },
  };
}

/**
 * The operations of a step's three products: similarities and both columns' gradients, all dims nested in the largest.
 *
 * @param {any} settings
 */
function arithmeticOf({ rows, dims }) {
  return 6 * rows ** 2 * Math.max(...dims);
}

/**
 * @param {string} variant The kernels, see side-kernels.mjs, or `bf16`, for the default ones with products of 16-bit integers.
 * @returns {import('./serve.mjs').Side}
 */
export function createSide(variant) {
  const isInt16 = variant === 'bf16';
  /** @type {Kernels | undefined} */
  let kernels;
  /** @type {Awaited<ReturnType<typeof openTraining>> | undefined} */
  let training;
  /** @type {number[]} */
  let losses = [];
  let steps = 0;
  /** @type {number | undefined} */
  let bestRate;
  let limit = 0;
  return {
    async prepare(settings) {
      ({ steps } = settings);
      kernels ??= await createSideKernels(isInt16 ? '' : variant);
      bestRate ??= await bestArithmetic(os.availableParallelism(), isInt16 ? 'multiplyInt16' : 'multiply');
      limit = arithmeticOf(settings) / bestRate;
      training?.end();
      training = await openTraining(kernels, settings, isInt16 ? 'int16' : 'float32');
      losses = [];
      return { note: `${kernels.backend}, ${kernels.threads} threads` };
    },
    async round() {
      training?.takeParts();
      const started = performance.now();
      for (let step = 0; step < steps; step++) losses.push(training?.step() ?? Number.NaN);
      const seconds = (performance.now() - started) / 1000;
      return { seconds, count: steps, figures: { limit, ...training?.takeParts() } };
    },
    async output() {
      const compared = Float64Array.from(losses.slice(0, COMPARED_STEPS));
      return {
        ...(isInt16 ? {} : { losses: compared }),
        lossesOfInt16: compared,
        lossesOfBfloat16: Float64Array.from(losses.slice(0, 1)),
      };
    },
  };
}
