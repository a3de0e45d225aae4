import { EmbedbagError, type Kernels } from '@embedbag/core';
import { createKernels } from '@embedbag/kernels';

/** `tensorflow` is the best that is installed and works; the others are forced. */
export const TENSORFLOW_BACKENDS = [
  'tensorflow',
  'tensorflow-node-gpu',
  'tensorflow-node',
  'tensorflow-webgpu',
  'tensorflow-wasm',
  'tensorflow-cpu',
] as const;

/** One of {@link TENSORFLOW_BACKENDS}. */
export type TensorFlowBackendName = (typeof TENSORFLOW_BACKENDS)[number];

type TensorFlowPackage = typeof import('@embedbag/tensorflow');

const BACKEND_BY_NAME = {
  tensorflow: 'auto',
  'tensorflow-node-gpu': 'node-gpu',
  'tensorflow-node': 'node',
  'tensorflow-webgpu': 'webgpu',
  'tensorflow-wasm': 'wasm',
  'tensorflow-cpu': 'cpu',
} as const;

/** The optional package behind the backend; `load` imports it. */
export async function importTensorFlowPackage(
  load: () => Promise<TensorFlowPackage> = () => import('@embedbag/tensorflow'),
): Promise<TensorFlowPackage> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as { readonly code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new EmbedbagError({
      code: 'missing-peer',
      message:
        'Expected the package `@embedbag/tensorflow` for a TensorFlow.js backend, received none. Run `npm install @embedbag/tensorflow @tensorflow/tfjs-node`, or leave `--backend` out.',
      cause,
    });
  }
}

/** Kernels on TensorFlow.js; tells `stderr` which it got and why not the better ones. The caller disposes them. */
export async function createTensorFlowKernels(
  name: TensorFlowBackendName,
  options: { readonly threads?: number },
  stderr: NodeJS.WritableStream,
): Promise<Kernels> {
  const { tensorflowKernels } = await importTensorFlowPackage();
  const backend = BACKEND_BY_NAME[name];
  const host = await createKernels(options);
  const kernels = await tensorflowKernels({ backend, host, ...options }).catch((error: unknown) => {
    host.dispose();
    throw error;
  });
  const { packageName, version, passedOver } = kernels.tensorflow;
  stderr.write(`TensorFlow.js ${version}: ${kernels.backend}, from ${packageName}\n`);
  for (const { backend: better, reason } of passedOver) stderr.write(`  not ${better}: ${reason}\n`);
  return kernels;
}
