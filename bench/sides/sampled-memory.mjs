/**
 * The most memory that was seen since the last `take`: of the process, and of the WebAssembly that `kernels` run in.
 *
 * @param {import('@embedbag/core').Kernels} kernels
 */
export function openSampledMemory(kernels) {
  let residentBytes = 0;
  let wasmBytes = 0;
  const sample = () => {
    residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
    if (!kernels.backend.startsWith('wasm')) return;
    // An array of the kernels is a view of all their memory.
    const array = kernels.allocateFloat32(1);
    wasmBytes = Math.max(wasmBytes, array.buffer.byteLength);
    kernels.release(array);
  };
  return {
    sample,
    take() {
      sample();
      const taken = { residentBytes, ...(wasmBytes > 0 && { wasmBytes }) };
      residentBytes = 0;
      wasmBytes = 0;
      return taken;
    },
  };
}
