import { expect, test } from 'vitest';
import { checkMemory, planMemory } from './memory-plan.js';

const recipe = { vocabularySize: 30_522, dimension: 1024, batchRows: 2048, columns: 3 };

test('a plan adds up the table, its moments, the embeddings and their gradients', () => {
  const plan = planMemory(recipe);
  expect(plan.tableBytes).toBe(125_018_112);
  expect(plan.momentsBytes).toBe(250_036_224);
  expect(plan.embeddingsBytes).toBe(25_165_824);
  expect(plan.gradientsBytes).toBe(25_165_824);
  expect(plan.totalBytes).toBe(425_385_984);
});

test('a run that fits WebAssembly memory is planned', () => {
  expect(checkMemory({ backend: 'wasm-simd' }, recipe).totalBytes).toBe(425_385_984);
});

test('a batch that does not fit is refused with the sum and the largest that fits', () => {
  const large = { ...recipe, batchRows: 300_000 };
  expect(() => checkMemory({ backend: 'wasm-simd' }, large)).toThrow(
    'Expected a run that fits the 4.00 GiB of WebAssembly memory, received one of 7.22 GiB: the table 0.12 GiB, two moments 0.23 GiB, ' +
      'embeddings 3.43 GiB, gradients 3.43 GiB. Lower `perDeviceTrainBatchSize` from 300000 to at most 159501, or use the `typescript` kernels.',
  );
  expect(() => checkMemory({ backend: 'wasm-simd' }, { ...recipe, batchRows: 159_501 })).not.toThrow();
  expect(() => checkMemory({ backend: 'wasm-simd' }, { ...recipe, batchRows: 159_502 })).toThrow();
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
