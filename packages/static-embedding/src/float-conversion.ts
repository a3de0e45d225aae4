import type { SafetensorsDtype } from './safetensors-header.js';

/** Dtypes whose values become float32. */
export const FLOAT_DTYPES: readonly SafetensorsDtype[] = ['F32', 'F16', 'BF16', 'F64', 'I8'];

/** 2^-24, the step of the subnormal binary16 numbers; the implicit one counts 1024 of them. */
const SMALLEST_FLOAT16 = 1 / 16777216;

/** The float32 value of the IEEE 754 binary16 number with these `bits`. Every one is exact. */
export function float16ToFloat32(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * SMALLEST_FLOAT16;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  let value = (1024 + fraction) * SMALLEST_FLOAT16;
  for (let doubling = 1; doubling < exponent; doubling++) value *= 2;
  return sign * value;
}

/**
 * Converts little-endian values of `dtype` to float32 and writes them into `out`.
 *
 * F16, BF16 and I8 are exact; F64 is rounded to the nearest float32.
 */
export function convertToFloat32(dtype: SafetensorsDtype, bytes: Uint8Array, out: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (dtype) {
    case 'F32':
      for (let i = 0; i < out.length; i++) out[i] = view.getFloat32(i * 4, true);
      return;
    case 'F64':
      for (let i = 0; i < out.length; i++) out[i] = view.getFloat64(i * 8, true);
      return;
    case 'I8':
      for (let i = 0; i < out.length; i++) out[i] = view.getInt8(i);
      return;
    case 'F16':
      for (let i = 0; i < out.length; i++) out[i] = float16ToFloat32(view.getUint16(i * 2, true));
      return;
    case 'BF16': {
      // The upper half of a float32.
      const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < out.length; i++) words[i] = view.getUint16(i * 2, true) << 16;
      return;
    }
    default:
      throw new RangeError(`Expected \`dtype\` to be one of ${FLOAT_DTYPES.join(', ')}, received ${dtype}.`);
  }
}
