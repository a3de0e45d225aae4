import type { Kernels } from '@embedbag/core';
import type { TensorFlowKernels } from './tensorflow-kernels.js';

/** Kernels whose contrastive loss and search are those of `tensor`, and all else is of `host`, arrays too. */
export function productsOnTensorFlow(tensor: TensorFlowKernels, host: Kernels): TensorFlowKernels {
  return {
    contract: tensor.contract,
    backend: tensor.backend,
    threads: host.threads,
    tensorflow: tensor.tensorflow,
    contrastive: (problem, gradients) => tensor.contrastive(problem, gradients),
    topK: (request) => tensor.topK(request),
    allocateFloat32: (length) => host.allocateFloat32(length),
    allocateInt32: (length) => host.allocateInt32(length),
    release: (array) => host.release(array),
    bagForward: (table, bags, out, options) => host.bagForward(table, bags, out, options),
    bagBackward: (bags, gradient, columns) => host.bagBackward(bags, gradient, columns),
    gradientNorm: (gradient) => host.gradientNorm(gradient),
    adamW: (step) => host.adamW(step),
    normalizeRows: (matrix) => host.normalizeRows(matrix),
    quantizeScalar: (matrix, ranges, out) => host.quantizeScalar(matrix, ranges, out),
    quantizeBinary: (matrix, out) => host.quantizeBinary(matrix, out),
    ...optionalMethodsOf(host),
    dispose: () => tensor.dispose(),
    [Symbol.dispose]: () => tensor.dispose(),
  };
}

type OptionalMethods = Pick<Kernels, 'startBagForward' | 'bagForwardBatches' | 'startAdamW' | 'adamWReplay'>;

function optionalMethodsOf(host: Kernels): OptionalMethods {
  const { startBagForward, bagForwardBatches, startAdamW, adamWReplay } = host;
  return {
    ...(startBagForward && { startBagForward: startBagForward.bind(host) }),
    ...(bagForwardBatches && { bagForwardBatches: bagForwardBatches.bind(host) }),
    ...(startAdamW && { startAdamW: startAdamW.bind(host) }),
    ...(adamWReplay && { adamWReplay: adamWReplay.bind(host) }),
  };
}
