import { expect, test } from 'vitest';
import { checkMemory, planMemory } from './memory-plan.js';

const batch = { rows: 2048, columns: 3, workingMatrices: 7 };
const recipe = { vocabularySize: 30_522, dimension: 1024, batches: [batch] };

test('a plan adds up the table, its moments, the embeddings, their gradients and what the loss makes of them', () => {
  const plan = planMemory(recipe);
  expect(plan.tableBytes).toBe(125_018_112);
  expect(plan.momentsBytes).toBe(250_036_224);
  expect(plan.embeddingsBytes).toBe(25_165_824);
  expect(plan.gradientsBytes).toBe(25_165_824);
  expect(plan.workingBytes).toBe(58_720_256);
  expect(plan.similaritiesBytes).toBe(268_435_456);
  expect(plan.totalBytes).toBe(752_541_696);
});

test('a small batch has few similarities, and a loss that compares no rows with each other has none', () => {
  const similarities = (change: Partial<typeof batch>): number =>
    planMemory({ ...recipe, batches: [{ ...batch, ...change }] }).similaritiesBytes;
  expect(similarities({ rows: 100 })).toBe(32 * 100 * 100 * 4);
  expect(similarities({ workingMatrices: 0 })).toBe(0);
});

test('gradients of all accumulated batches are held, an average and copies for checkpoints outside the kernels', () => {
  const plain = planMemory(recipe);
  const plan = planMemory({ ...recipe, gradientAccumulationSteps: 4, hasAverage: true, savesCheckpoints: true });
  expect(plan.gradientsBytes).toBe(4 * plain.gradientsBytes);
  expect(plan.totalBytes).toBe(plain.totalBytes + 3 * plain.gradientsBytes);
  expect([plan.averageBytes, plan.checkpointCopyBytes]).toEqual([plan.tableBytes, 4 * plan.tableBytes]);
  expect([plain.averageBytes, plain.checkpointCopyBytes]).toEqual([0, 0]);
});

test('a run that fits WebAssembly memory is planned', () => {
  expect(checkMemory({ backend: 'wasm-simd' }, recipe).totalBytes).toBe(752_541_696);
});

test('the batch that needs most counts, not the most rows with the most columns', () => {
  const batches = [
    { rows: 65_536, columns: 2, workingMatrices: 4 },
    { rows: 1000, columns: 12, workingMatrices: 0 },
  ];
  const plan = planMemory({ ...recipe, batches });
  expect(plan.embeddingsBytes).toBe(2 * 65_536 * 1024 * 4);
  expect(plan.workingBytes).toBe(4 * 65_536 * 1024 * 4);
  expect(checkMemory({ backend: 'wasm-simd' }, { ...recipe, batches })).toEqual(plan);
});

test('a batch that does not fit is refused with the sum and the largest that fits', () => {
  const sized = (rows: number): typeof recipe => ({ ...recipe, batches: [{ ...batch, rows }] });
  expect(() => checkMemory({ backend: 'wasm-simd' }, sized(100_000))).toThrow(
    'Expected a run that fits the 4.00 GiB of WebAssembly memory, received one of 5.56 GiB: the table 0.12 GiB, two moments 0.23 GiB, ' +
      'embeddings 1.14 GiB, gradients 1.14 GiB, working memory of the loss 2.92 GiB. ' +
      'Lower `perDeviceTrainBatchSize` from 100000 to at most 68574, or use the `typescript` kernels.',
  );
  expect(() => checkMemory({ backend: 'wasm-simd' }, sized(68_574))).not.toThrow();
  expect(() => checkMemory({ backend: 'wasm-simd' }, sized(68_575))).toThrow();
});

test('a table that does not fit is refused with advice about the table', () => {
  const wide = { ...recipe, vocabularySize: 500_000 };
  expect(() => checkMemory({ backend: 'wasm-relaxed-simd' }, wide)).toThrow(
    'Train a narrower model or a smaller vocabulary',
  );
});

test('kernels outside WebAssembly are not limited', () => {
  expect(() => checkMemory({ backend: 'typescript' }, { ...recipe, vocabularySize: 5_000_000 })).not.toThrow();
});
