import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRandom } from '@embedbag/core';
import { openDataset } from '@embedbag/datasets';
import { createKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { loadTokenizer } from '@embedbag/tokenization';
import { train } from '@embedbag/trainer';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { peakBytes } from './sides/peak-bytes.mjs';

const HELP = `node bench/large-corpus.mjs FOLDER [--gigabytes 20] [--steps 200] [--batch-size 2048] [--only make|open|train|delete]

Writes a synthetic corpus of pairs as Parquet into FOLDER, which must not be there yet (random words: nothing to learn, all to read), opens it with an index folder, trains on it
without holding it, and deletes it. Each part is a process of its own and prints a line of JSON with the most memory it held.
With --only it does one part. Run it on built code (pnpm build).
`;
const TOKENIZER = fileURLToPath(new URL('../../shared/data/tokenizers/bert-base-uncased.json', import.meta.url));
const SHARD_BYTES = 500_000_000;
const ROWS_PER_GROUP = 25_000;
const PHRASES = 1 << 16;
const WORDS_PER_PHRASE = 8;
const DIMENSION = 1024;
const DIMS = [1024, 768, 512, 256, 128, 64, 32];

const SCHEMA = [
  { name: 'root', num_children: 2 },
  ...['anchor', 'positive'].map((name) => ({
    name,
    type: /** @type {const} */ ('BYTE_ARRAY'),
    converted_type: /** @type {const} */ ('UTF8'),
    repetition_type: /** @type {const} */ ('REQUIRED'),
  })),
];

/** Phrases of words that the tokenizer knows, common ones more often. */
function makePhrases() {
  /** @type {{ model: { vocab: Record<string, number> } }} */
  const { model } = JSON.parse(readFileSync(TOKENIZER, 'utf8'));
  const words = Object.keys(model.vocab).filter((word) => /^[a-z]{2,}$/.test(word));
  const random = createRandom(1, 'large-corpus/phrases');
  const word = () => words[Math.floor(words.length * random.uniform() * random.uniform() * random.uniform())];
  return Array.from({ length: PHRASES }, () => Array.from({ length: WORDS_PER_PHRASE }, word).join(' '));
}

/** @param {string} folder @param {number} gigabytes */
function make(folder, gigabytes) {
  const phrases = makePhrases();
  mkdirSync(folder, { recursive: true });
  const random = createRandom(2, 'large-corpus/rows');
  const text = (/** @type {number} */ count) => {
    const parts = [];
    for (let i = 0; i < count; i++) parts.push(phrases[random.below(PHRASES)]);
    return parts.join(' ');
  };
  const startedAt = performance.now();
  let [bytes, textBytes, rows, shards] = [0, 0, 0, 0];
  while (bytes < gigabytes * 1e9) {
    const path = join(folder, `part-${String(shards).padStart(5, '0')}.parquet`);
    const file = fileWriter(path);
    const writer = new ParquetWriter({ writer: file, schema: SCHEMA, statistics: false, codec: 'UNCOMPRESSED' });
    while (file.offset < SHARD_BYTES && bytes + file.offset < gigabytes * 1e9) {
      const anchors = Array.from({ length: ROWS_PER_GROUP }, () => text(1));
      // One passage in fifty is that of the row before: NO_DUPLICATES has something to do.
      const positives = Array.from({ length: ROWS_PER_GROUP }, () => text(9 + random.below(8)));
      for (let row = 50; row < ROWS_PER_GROUP; row += 50) positives[row] = /** @type {string} */ (positives[row - 1]);
      const column = { encoding: /** @type {const} */ ('PLAIN') };
      writer.write({
        columnData: [
          { ...column, name: 'anchor', data: anchors },
          { ...column, name: 'positive', data: positives },
        ],
        rowGroupSize: ROWS_PER_GROUP,
      });
      rows += ROWS_PER_GROUP;
      for (const list of [anchors, positives]) for (const one of list) textBytes += one.length;
    }
    writer.finish();
    bytes += statSync(path).size;
    shards += 1;
  }
  return { rows, shards, bytes, textBytes, seconds: (performance.now() - startedAt) / 1000 };
}

/** @param {string} folder */
async function open(folder) {
  const startedAt = performance.now();
  const dataset = await openDataset(join(folder, '*.parquet'), {
    indexFolder: indexOf(folder),
    onProgress: ({ rows, file, totalFiles }) => process.stderr.write(`\r${rows} rows, file ${file} of ${totalFiles} `),
  });
  process.stderr.write('\n');
  const { rowCount, blocks, sizeBytes } = dataset;
  return {
    rows: rowCount,
    blocks: blocks.firstRows.length,
    openBlocks: blocks.openBlocks,
    sizeBytes,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** @param {string} folder */
function indexOf(folder) {
  return `${folder}.index`;
}

/** @param {string} folder @param {{ steps: number, batchSize: number }} settings */
async function trainOn(folder, { steps, batchSize }) {
  const startedAt = performance.now();
  const dataset = await openDataset(join(folder, '*.parquet'), { indexFolder: indexOf(folder) });
  const openSeconds = (performance.now() - startedAt) / 1000;
  const kernels = await createKernels();
  const tokenizer = await loadTokenizer(TOKENIZER);
  const model = await StaticEmbedding.create({ tokenizer, dimension: DIMENSION, seed: 42, kernels });
  let [readMs, reads, stepsMs, firstStepAt] = [0, 0, 0, 0];
  /** @type {typeof dataset.texts} */
  const texts = (column, rows) => {
    const begin = performance.now();
    const found = dataset.texts(column, rows);
    if (!(found instanceof Promise)) return found;
    reads += 1;
    return found.finally(() => {
      readMs += performance.now() - begin;
    });
  };
  let lastStepAt = 0;
  const losses = /** @type {number[]} */ ([]);
  const summary = await train({
    model,
    datasets: [{ ...dataset, texts }],
    loss: matryoshkaLoss(multipleNegativesRankingLoss(), { dims: DIMS }),
    arguments: { perDeviceTrainBatchSize: batchSize, maxSteps: steps, loggingSteps: 10 },
    onEvent(event) {
      if (event.type !== 'step-end') return;
      firstStepAt ||= performance.now();
      stepsMs += event.step === 1 ? 0 : performance.now() - lastStepAt;
      lastStepAt = performance.now();
      losses.push(event.loss);
      process.stderr.write(`\rstep ${event.step}, loss ${event.loss.toFixed(4)} `);
    },
  });
  process.stderr.write('\n');
  return {
    backend: kernels.backend,
    threads: kernels.threads,
    steps: summary.step,
    pairs: summary.pairs,
    openSeconds,
    trainSeconds: summary.elapsedMs / 1000,
    secondsPerStep: stepsMs / 1000 / Math.max(1, summary.step - 1),
    secondsToFirstStep: (firstStepAt - startedAt) / 1000,
    batchesThatWaited: reads / 2,
    secondsWaited: readMs / 2000,
    firstLoss: losses[0],
    lastLoss: losses.at(-1),
  };
}

/** @param {string} folder */
function removeAll(folder) {
  rmSync(folder, { recursive: true, force: true });
  rmSync(indexOf(folder), { recursive: true, force: true });
  return { deleted: folder };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gigabytes: { type: 'string', default: '20' },
    steps: { type: 'string', default: '200' },
    'batch-size': { type: 'string', default: '2048' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const [folder] = positionals;
const numbers = {
  gigabytes: Number(values.gigabytes),
  steps: Number(values.steps),
  batchSize: Number(values['batch-size']),
};
if (values.help || folder === undefined || !Object.values(numbers).every((value) => value > 0)) {
  process.stdout.write(HELP);
  process.exitCode = values.help ? 0 : 2;
} else if (values.only === undefined) {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`Expected no files in ${folder}.`);
  for (const part of ['make', 'open', 'train', 'delete']) {
    const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--only', part];
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
    if (status !== 0 && part !== 'delete') {
      removeAll(folder);
      break;
    }
  }
} else {
  const parts = {
    make: () => make(folder, numbers.gigabytes),
    open: () => open(folder),
    train: () => trainOn(folder, numbers),
    delete: () => removeAll(folder),
  };
  const part = /** @type {keyof typeof parts} */ (values.only);
  const figures = await parts[part]();
  process.stdout.write(`${JSON.stringify({ part, ...figures, peakBytes: peakBytes() })}\n`);
}
