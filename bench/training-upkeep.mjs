#!/usr/bin/env node
// `node bench/training-upkeep.mjs`: what logging and checkpoints cost a training run, and whether its memory stays flat.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, runMain, WorkspaceError } from '../tooling/workspace.mjs';
import { dataPath } from './src/folders.mjs';
import { laterOverEarlier } from './src/growth.mjs';
import { tokenizerFile } from './src/inputs.mjs';

const HELP = `Usage: node bench/training-upkeep.mjs [cost] [memory] [options]

cost     the time of a run that logs and saves over that of one that does neither, in turns, at the English recipe's settings
memory   the resident memory of one run of many steps that logs and saves, later parts over earlier ones

--steps <count>       steps of a turn of cost (default: 250, the recipe's steps between checkpoints), or of memory (default: 5000)
--rounds <count>      turns of each kind (default: 3; the first round warms up and does not count)
--dimension <count>   default: 1024, and 256 for memory
--batch-size <rows>   default: 2048, and 256 for memory
--save-steps <count>  default: 250
`;

/** A turn saves once in its middle, so that all of the writing falls into steps that are timed. */
const SAVES_A_TURN = 1;
const LOGGING_STEPS = 10;
const PARTS = 20;

/**
 * @param {{ kernels: import('@embedbag/core').Kernels, dimension: number, batchSize: number, steps: number, saveSteps?: number,
 *   onEvent?: (event: import('@embedbag/core').TrainingEvent) => void }} options
 */
async function runOnce({ kernels, dimension, batchSize, steps, saveSteps, onEvent }) {
  const [{ readDatasets }, losses, { StaticEmbedding }, { loadTokenizer }, { train }] = await Promise.all([
    import('@embedbag/datasets'),
    import('@embedbag/losses'),
    import('@embedbag/static-embedding'),
    import('@embedbag/tokenization'),
    import('@embedbag/trainer'),
  ]);
  const outputDir = mkdtempSync(path.join(os.tmpdir(), 'embedbag-upkeep-'));
  const tokenizer = await loadTokenizer(tokenizerFile('bert-base-uncased'));
  const model = await StaticEmbedding.create({ tokenizer, dimension, seed: 42, kernels });
  const dims = [dimension];
  for (let dim = dimension / 2; dim >= 32; dim /= 2) dims.push(dim);
  try {
    return await train({
      model,
      datasets: await readDatasets(dataPath('english', 'train')),
      loss: losses.matryoshkaLoss(losses.multipleNegativesRankingLoss(), { dims }),
      arguments: {
        perDeviceTrainBatchSize: batchSize,
        maxSteps: steps,
        bf16: true,
        loggingSteps: saveSteps === undefined ? steps : LOGGING_STEPS,
        ...(saveSteps === undefined
          ? {}
          : { outputDir, saveStrategy: /** @type {const} */ ('steps'), saveSteps, saveTotalLimit: 2 }),
      },
      ...(onEvent === undefined ? {} : { onEvent }),
    });
  } finally {
    model.dispose();
    rmSync(outputDir, { recursive: true, force: true });
  }
}

/** @param {readonly number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** @param {{ steps: number, rounds: number, dimension: number, batchSize: number }} settings */
async function measureCost({ steps, rounds, dimension, batchSize }) {
  const { createKernels } = await import('@embedbag/kernels');
  const kernels = await createKernels();
  /** @type {Record<'bare' | 'kept', number[]>} */
  const seconds = { bare: [], kept: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const kind of /** @type {const} */ (['bare', 'kept'])) {
      /** @type {number[]} */
      const moments = [];
      const onEvent = (/** @type {import('@embedbag/core').TrainingEvent} */ event) => {
        if (event.type === 'step-end') moments.push(event.elapsedMs);
      };
      const saving = kind === 'kept' ? { saveSteps: Math.ceil(steps / (1 + SAVES_A_TURN)) } : {};
      await runOnce({ kernels, dimension, batchSize, steps, onEvent, ...saving });
      const taken = (Number(moments.at(-1)) - Number(moments[0])) / 1000;
      process.stdout.write(`round ${round}, ${kind}: ${taken.toFixed(2)} s for ${moments.length - 1} steps\n`);
      if (round > 0) seconds[kind].push(taken);
    }
  }
  const cost = sum(seconds.kept) / sum(seconds.bare) - 1;
  const each = `a line of the log every ${LOGGING_STEPS} steps, ${SAVES_A_TURN} checkpoint in ${steps} steps`;
  process.stdout.write(
    `${kernels.backend}, ${kernels.threads} threads, ${dimension} dims, batches of ${batchSize}: logging and checkpoints cost ${(100 * cost).toFixed(2)} % (${each}; wanted: at most 3 %)\n`,
  );
  kernels.dispose();
}

/** @param {{ steps: number, dimension: number, batchSize: number, saveSteps: number }} settings */
async function measureMemory({ steps, dimension, batchSize, saveSteps }) {
  const { createKernels } = await import('@embedbag/kernels');
  const kernels = await createKernels();
  /** @type {number[]} */
  const most = [];
  let part = 0;
  let highest = 0;
  await runOnce({
    kernels,
    dimension,
    batchSize,
    steps,
    saveSteps,
    onEvent(event) {
      if (event.type !== 'step-end') return;
      highest = Math.max(highest, process.memoryUsage.rss());
      const now = Math.floor((event.step * PARTS) / steps);
      if (now === part) return;
      part = now;
      most.push(highest);
      highest = 0;
      process.stdout.write(`step ${event.step}: at most ${(Number(most.at(-1)) / 2 ** 20).toFixed(0)} MiB\n`);
    },
  });
  // The first parts fill caches and make the copies that checkpoints are written from.
  const growth = laterOverEarlier(most.slice(2));
  process.stdout.write(
    `${steps} steps, ${Math.floor(steps / saveSteps)} checkpoints: resident memory of later parts over earlier ones ${growth.toFixed(3)}x (wanted: at most 1.05x)\n`,
  );
  kernels.dispose();
}

runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      steps: { type: 'string' },
      rounds: { type: 'string' },
      dimension: { type: 'string' },
      'batch-size': { type: 'string' },
      'save-steps': { type: 'string' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = positionals.find((name) => name !== 'cost' && name !== 'memory');
  if (unknown !== undefined) throw new WorkspaceError(`Expected cost or memory, received ${unknown}. See --help.`);
  const number = (/** @type {string | undefined} */ text, /** @type {number} */ otherwise) => {
    const value = text === undefined ? otherwise : Number(text);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new WorkspaceError(`Expected a whole number of at least 1, received ${text}. See --help.`);
  };
  await ensureBuilt({ quiet: true });
  const all = positionals.length === 0;
  if (all || positionals.includes('cost')) {
    await measureCost({
      steps: number(values.steps, 250),
      rounds: number(values.rounds, 3),
      dimension: number(values.dimension, 1024),
      batchSize: number(values['batch-size'], 2048),
    });
  }
  if (all || positionals.includes('memory')) {
    await measureMemory({
      steps: number(values.steps, 5000),
      dimension: number(values.dimension, 256),
      batchSize: number(values['batch-size'], 256),
      saveSteps: number(values['save-steps'], 250),
    });
  }
  return 0;
});
