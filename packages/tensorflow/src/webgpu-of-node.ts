import { importPackage, isNode } from './import-package.js';

/** What is asked of WebGPU here; its types are no dependency. */
interface Gpu {
  requestAdapter(options: { readonly powerPreference: string }): Promise<Adapter | null>;
}

interface Adapter {
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

/** What the package `webgpu` exports. */
interface WebGpuPackage {
  create(options: readonly string[]): Gpu;
  /** The classes and constants that a browser has as globals. */
  readonly globals: Readonly<Record<string, unknown>>;
}

const PACKAGE = 'webgpu';

const gpuOfEngine = (): Gpu | undefined =>
  (globalThis as { readonly navigator?: { readonly gpu?: Gpu } }).navigator?.gpu;

/** Makes `gpu` the one of `navigator`, which Node.js 20 does not have. */
function setGpu(gpu: Gpu): void {
  const settings = { configurable: true, writable: true };
  const engine = globalThis as { navigator?: { gpu?: Gpu } };
  const { navigator } = engine;
  if (navigator !== undefined) {
    Object.defineProperty(navigator, 'gpu', { ...settings, value: gpu });
    return;
  }
  const userAgent = `Node.js/${process.versions.node.split('.')[0]}`;
  Object.defineProperty(engine, 'navigator', { ...settings, value: { gpu, userAgent } });
}

function addGlobals(globals: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/** A sentence where `gpu` finds none to compute on. */
async function adapterProblem(gpu: Gpu | undefined, software: boolean): Promise<string | undefined> {
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return 'WebGPU finds no GPU.';
  if (adapter.info?.isFallbackAdapter === true && !software)
    return 'WebGPU finds no GPU, only a processor in its place.';
  return undefined;
}

/**
 * Sees to it that there is WebGPU with a GPU: the one that the program or its browser has, else in Node.js the one of the
 * package `webgpu`, which becomes `navigator.gpu`. A sentence where there is none; `software` lets a processor stand in.
 */
export async function findWebGpu(from: string | undefined, software: boolean): Promise<string | undefined> {
  const present = gpuOfEngine();
  if (present !== undefined || !isNode()) return adapterProblem(present, software);
  const found = await importPackage(PACKAGE, { from });
  if ('reason' in found) return `Node.js has no WebGPU of its own: ${found.reason}`;
  const { create, globals } = found.module as WebGpuPackage;
  const gpu = create([]);
  const problem = await adapterProblem(gpu, software);
  if (problem !== undefined) return problem;
  addGlobals(globals);
  setGpu(gpu);
  return undefined;
}
