import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import util from 'node:util';
import type { EmbedbagError } from '@embedbag/core';
import { afterAll, expect, test } from 'vitest';
import { loadTensorFlow, type TensorFlowBackend } from './load-tensorflow.js';

const parent = mkdtempSync(join(tmpdir(), 'embedbag-'));
afterAll(() => rmSync(parent, { recursive: true }));

async function errorOf(promise: Promise<unknown>): Promise<EmbedbagError> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: EmbedbagError) => error,
  );
}

test('the plain backend computes, and the better ones are passed over with a reason each', async () => {
  const { tf, backend, packageName, threads, passedOver } = await loadTensorFlow();
  expect([backend, packageName, threads]).toEqual(['cpu', '@tensorflow/tfjs', 1]);
  expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  expect(passedOver.map(({ backend: name }) => name)).toEqual(['node-gpu', 'node', 'webgpu', 'webgl', 'wasm']);
  expect(passedOver[1]).toEqual({ backend: 'node', reason: '@tensorflow/tfjs-node is not installed.' });
  for (const { reason } of passedOver) expect(reason).toMatch(/ (is not installed|does not run here)\.$/);
});

test('a backend that is forced and missing says what to install', async () => {
  const error = await errorOf(loadTensorFlow({ backend: 'node' }));
  expect(error.code).toBe('backend-unavailable');
  expect(error.message).toBe(
    'Expected the TensorFlow.js backend `node`, received none that works: @tensorflow/tfjs-node is not installed. Install what is missing, or use `auto` for the best that works here.',
  );
});

/** A folder in which those packages are installed so badly that they throw. */
function brokenInstallation(messages: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(parent, 'broken-'));
  for (const [name, message] of Object.entries(messages)) {
    const home = join(folder, 'node_modules', name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'index.js'), `throw new Error(${JSON.stringify(message)});`);
  }
  return folder;
}

test('where no backend works the error names what to install, and every reason', async () => {
  const from = brokenInstallation({
    '@tensorflow/tfjs': 'broken to see\nwhat happens',
    '@tensorflow/tfjs-node': 'broken too',
    '@tensorflow/tfjs-node-gpu': 'broken too',
  });
  const error = await errorOf(loadTensorFlow({ from }));
  expect(error.code).toBe('missing-peer');
  expect(error.message).toContain(
    'Expected TensorFlow.js to be installed, received no backend that works. Run `npm install @tensorflow/tfjs-node`, or `npm install @tensorflow/tfjs` where that cannot be. node-gpu: ',
  );
  expect(error.message).toContain('cpu: @tensorflow/tfjs does not load: broken to see');
});

test.skipIf(!('isNullOrUndefined' in util))(
  'a native package whose install script did not run is told from one that is missing',
  async () => {
    const from = brokenInstallation({ '@tensorflow/tfjs-node': 'The native addon module can not be found' });
    const error = await errorOf(loadTensorFlow({ from, backend: 'node' }));
    expect(error.message).toContain(
      '@tensorflow/tfjs-node has no native library: its install script did not run, or failed. Run `npm rebuild @tensorflow/tfjs-node --build-addon-from-source`.',
    );
  },
);

test.skipIf('isNullOrUndefined' in util)('a newer Node.js than native TensorFlow runs on is named', async () => {
  const from = brokenInstallation({ '@tensorflow/tfjs-node': 'not even loaded' });
  const error = await errorOf(loadTensorFlow({ from, backend: 'node' }));
  expect(error.message).toContain(
    `@tensorflow/tfjs-node 4.22 needs Node.js 20 or 22, this is ${process.version}: it calls \`util.isNullOrUndefined\`, which is gone.`,
  );
});

test('options that are none are refused', async () => {
  const unknown = await errorOf(loadTensorFlow({ backend: 'cuda' as TensorFlowBackend }));
  expect(unknown.code).toBe('unknown-backend');
  expect(unknown.message).toBe(
    'Expected `backend` to be one of auto, node-gpu, node, webgpu, webgl, wasm, cpu, received `cuda`. Use `auto` for the fastest that works.',
  );
  for (const threads of [0, 1.5, Number.NaN]) {
    expect((await errorOf(loadTensorFlow({ threads }))).code).toBe('invalid-threads');
  }
});

/** A folder with TensorFlow.js, its WebGPU backend and, where `source` is given, a package `webgpu` of that source. */
function webGpuInstallation(source?: string): string {
  const folder = mkdtempSync(join(parent, 'webgpu-'));
  const scope = join(folder, 'node_modules', '@tensorflow');
  mkdirSync(join(scope, 'tfjs-backend-webgpu'), { recursive: true });
  symlinkSync(
    realpathSync(fileURLToPath(new URL('../node_modules/@tensorflow/tfjs', import.meta.url))),
    join(scope, 'tfjs'),
  );
  writeFileSync(join(scope, 'tfjs-backend-webgpu', 'index.js'), `throw new Error('reached');`);
  if (source === undefined) return folder;
  mkdirSync(join(folder, 'node_modules', 'webgpu'));
  writeFileSync(join(folder, 'node_modules', 'webgpu', 'index.js'), source);
  return folder;
}

const webGpuWith = (adapter: string): string =>
  webGpuInstallation(
    `module.exports = { globals: { EmbedbagProbe: 1 }, create: () => ({ requestAdapter: async () => (${adapter}) }) };`,
  );

test('WebGPU in Node.js needs the package that has it, and a GPU; else nothing is left behind', async () => {
  const reasonOf = async (from: string): Promise<string | undefined> =>
    (await loadTensorFlow({ from })).passedOver.find(({ backend }) => backend === 'webgpu')?.reason;
  expect(await reasonOf(webGpuInstallation())).toBe('Node.js has no WebGPU of its own: webgpu is not installed.');
  expect(await reasonOf(webGpuWith('null'))).toBe('WebGPU finds no GPU.');
  const software = webGpuWith('{ info: { isFallbackAdapter: true } }');
  expect(await reasonOf(software)).toBe('WebGPU finds no GPU, only a processor in its place.');
  expect(globalThis).not.toHaveProperty('EmbedbagProbe');
  expect((globalThis as { navigator?: object }).navigator ?? {}).not.toHaveProperty('gpu');
});

test('a GPU makes WebGPU global, and the backend is loaded; a processor in its place serves when it is forced', async () => {
  const engine = globalThis as { navigator?: { gpu?: unknown }; EmbedbagProbe?: number };
  const hadNavigator = engine.navigator !== undefined;
  try {
    const from = webGpuWith('{ info: { isFallbackAdapter: true } }');
    const error = await errorOf(loadTensorFlow({ from, backend: 'webgpu' }));
    expect(error.message).toContain('@tensorflow/tfjs-backend-webgpu does not load: reached');
    expect(engine.navigator?.gpu).toHaveProperty('requestAdapter');
    expect(engine.EmbedbagProbe).toBe(1);
  } finally {
    delete engine.EmbedbagProbe;
    if (hadNavigator) delete engine.navigator?.gpu;
    else delete engine.navigator;
  }
});
