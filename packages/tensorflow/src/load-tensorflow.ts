import { EmbedbagError } from '@embedbag/core';
import { importPackage, isNode, type PackageImport } from './import-package.js';
import { quietly } from './quietly.js';
import { findWebGpu } from './webgpu-of-node.js';
import { readWebGpuInNode } from './webgpu-reads.js';

/** TensorFlow.js as a module: what `@tensorflow/tfjs` exports, which its native packages export too. */
export type TensorFlow = typeof import('@tensorflow/tfjs');

/** What computes, the best first: native TensorFlow with and without a GPU, and the backends in JavaScript. */
export type TensorFlowBackend = 'node-gpu' | 'node' | 'webgpu' | 'webgl' | 'wasm' | 'cpu';

/** Settings of {@link loadTensorFlow}. */
export interface LoadTensorFlowOptions {
  /** `auto`, the default: the first of {@link TensorFlowBackend} that works. The others are forced. */
  readonly backend?: TensorFlowBackend | 'auto';
  /** Take the packages that are installed for this folder. Default: those beside `@embedbag/tensorflow`. Node.js only. */
  readonly from?: string;
  /**
   * Threads of native TensorFlow, which it takes over when it is first loaded into a process. Default: one a core. The other
   * backends have one.
   */
  readonly threads?: number;
}

/** A backend that could not be had. */
export interface PassedOver {
  readonly backend: TensorFlowBackend;
  /** A sentence. */
  readonly reason: string;
}

/** TensorFlow.js with a backend that works. */
export interface LoadedTensorFlow {
  readonly tf: TensorFlow;
  readonly backend: TensorFlowBackend;
  /** The package that `tf` came from, such as `@tensorflow/tfjs-node`. */
  readonly packageName: string;
  /** The version of TensorFlow.js. */
  readonly version: string;
  /** The backend's name in `tf.setBackend`. */
  readonly registeredName: string;
  readonly threads: number;
  /** The better backends, and why they were not taken. */
  readonly passedOver: readonly PassedOver[];
}

const BACKENDS: readonly TensorFlowBackend[] = ['node-gpu', 'node', 'webgpu', 'webgl', 'wasm', 'cpu'];
const NATIVE_NAME = 'tensorflow';
const ENGINE = '@tensorflow/tfjs';

type Attempt = LoadedTensorFlow | { readonly reason: string };

/** Makes `name` the backend of `tf` and computes once; a sentence where that fails. */
async function startBackend(tf: TensorFlow, name: string): Promise<string | undefined> {
  return quietly(tf, async () => {
    try {
      if (!(await tf.setBackend(name))) return 'It does not start here.';
      if (name === 'webgpu' && isNode()) await readWebGpuInNode(tf);
      const sum = tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync());
      return sum[1] === 3 ? undefined : 'It computes wrongly.';
    } catch (error) {
      return firstLine(error);
    }
  });
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.trim();
}

const isModule = (found: PackageImport): found is { readonly module: unknown } => 'module' in found;

/** Why native TensorFlow cannot run in this engine; it calls functions of `node:util` that Node.js 23 dropped. */
async function engineProblem(packageName: string): Promise<string | undefined> {
  if (!isNode()) return 'It needs Node.js.';
  const { default: util } = await import('node:util');
  if ('isNullOrUndefined' in util) return undefined;
  return `${packageName} 4.22 needs Node.js 20 or 22, this is ${process.version}: it calls \`util.isNullOrUndefined\`, which is gone.`;
}

async function loadNative(packageName: string, options: LoadTensorFlowOptions): Promise<Attempt> {
  const found = await importPackage(packageName, {
    from: options.from,
    before: async (loadedBefore) => {
      const problem = await engineProblem(packageName);
      if (problem !== undefined) return problem;
      setNativeEnvironment(options.threads, loadedBefore);
      return undefined;
    },
  });
  if (!isModule(found)) return found;
  const tf = found.module as TensorFlow;
  const problem = await startBackend(tf, NATIVE_NAME);
  if (problem !== undefined) return { reason: problem };
  const { isUsingGpuDevice } = tf.backend() as { readonly isUsingGpuDevice?: boolean };
  const { availableParallelism } = await import('node:os');
  const threads = Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism();
  const backend = isUsingGpuDevice === true ? 'node-gpu' : 'node';
  return { tf, backend, packageName, version: tf.version_core, registeredName: NATIVE_NAME, threads, passedOver: [] };
}

/** What the native library reads once, when it is loaded: its threads, and that it logs no more than warnings. */
function setNativeEnvironment(threads: number | undefined, loadedBefore: boolean): void {
  const { env } = process;
  env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  if (threads === undefined || env.TF_NUM_INTRAOP_THREADS === String(threads)) return;
  if (loadedBefore) {
    throw new EmbedbagError({
      code: 'threads-fixed',
      message: `Expected \`threads\` as when native TensorFlow was loaded, received ${threads}. It takes their number over once a process: load it with ${threads} threads first.`,
      details: { received: threads },
    });
  }
  env.TF_NUM_INTRAOP_THREADS = String(threads);
}

async function loadPlain(name: TensorFlowBackend, { from, backend: asked }: LoadTensorFlowOptions): Promise<Attempt> {
  const packageName = `@tensorflow/tfjs-backend-${name}`;
  const engine = await importPackage(ENGINE, { from });
  if (!isModule(engine)) return engine;
  const tf = engine.module as TensorFlow;
  if (!tf.findBackendFactory(name)) {
    // Without `navigator.gpu` the package offers nothing, once and for all.
    const before = async () => (name === 'webgpu' ? findWebGpu(from, asked === name) : undefined);
    const backend = await importPackage(packageName, { from, before });
    if (!isModule(backend)) return backend;
    if (!tf.findBackendFactory(name)) return { reason: `${packageName} does not run here.` };
  }
  const problem = await startBackend(tf, name);
  if (problem !== undefined) return { reason: problem };
  const found = { tf, backend: name, packageName: ENGINE, version: tf.version_core, registeredName: name };
  return { ...found, threads: 1, passedOver: [] };
}

function load(name: TensorFlowBackend, options: LoadTensorFlowOptions): Promise<Attempt> {
  if (name === 'node' || name === 'node-gpu') return loadNative(`@tensorflow/tfjs-${name}`, options);
  return loadPlain(name, options);
}

function checkOptions({ backend = 'auto', threads }: LoadTensorFlowOptions): void {
  if (backend !== 'auto' && !BACKENDS.includes(backend)) {
    throw new EmbedbagError({
      code: 'unknown-backend',
      message: `Expected \`backend\` to be one of auto, ${BACKENDS.join(', ')}, received \`${backend}\`. Use \`auto\` for the fastest that works.`,
      details: { received: String(backend) },
    });
  }
  if (threads === undefined || (Number.isInteger(threads) && threads >= 1)) return;
  throw new EmbedbagError({
    code: 'invalid-threads',
    message: `Expected \`threads\` to be a whole number from 1, received ${threads}. Leave it out for one thread a processor core.`,
    details: { received: threads },
  });
}

function noneFound(passedOver: readonly PassedOver[]): EmbedbagError {
  const reasons = passedOver.map(({ backend, reason }) => `${backend}: ${reason}`).join(' ');
  return new EmbedbagError({
    code: 'missing-peer',
    message: `Expected TensorFlow.js to be installed, received no backend that works. Run \`npm install @tensorflow/tfjs-node\`, or \`npm install @tensorflow/tfjs\` where that cannot be. ${reasons}`,
    details: { passedOver: passedOver.map(({ backend, reason }) => ({ backend, reason })) },
  });
}

/**
 * TensorFlow.js on the best backend that is installed and works: `@tensorflow/tfjs-node-gpu`, `@tensorflow/tfjs-node`, then
 * the plain backends of `@tensorflow/tfjs`: webgpu and wasm where their packages are, webgl and cpu.
 *
 * `passedOver` says why the better ones were not taken. `@tensorflow/tfjs-node-gpu` without a GPU computes as `node`. Nothing
 * is printed: native TensorFlow is told to log warnings only, unless `TF_CPP_MIN_LOG_LEVEL` says otherwise.
 *
 * @throws EmbedbagError `missing-peer` where no backend works, `backend-unavailable` when a forced one does not,
 * `threads-fixed` when native TensorFlow was loaded with another number of threads, `unknown-backend` and
 * `invalid-threads` for options that are none.
 *
 * @example
 * ```ts
 * const { tf, backend, passedOver } = await loadTensorFlow();
 * const sum = tf.tidy(() => tf.add(1, 2).dataSync()[0]);
 * ```
 */
export async function loadTensorFlow(options: LoadTensorFlowOptions = {}): Promise<LoadedTensorFlow> {
  checkOptions(options);
  const { backend = 'auto' } = options;
  const passedOver: PassedOver[] = [];
  for (const name of backend === 'auto' ? BACKENDS : [backend]) {
    const attempt = await load(name, options);
    if ('reason' in attempt) {
      passedOver.push({ backend: name, reason: attempt.reason });
      continue;
    }
    if (name !== 'node-gpu' || attempt.backend === name) return { ...attempt, passedOver };
    passedOver.push({ backend: name, reason: `${attempt.packageName} found no GPU.` });
    if (backend === 'auto') return { ...attempt, passedOver };
  }
  if (backend === 'auto') throw noneFound(passedOver);
  throw new EmbedbagError({
    code: 'backend-unavailable',
    message: `Expected the TensorFlow.js backend \`${backend}\`, received none that works: ${passedOver[0]?.reason} Install what is missing, or use \`auto\` for the best that works here.`,
    details: { backend },
  });
}
