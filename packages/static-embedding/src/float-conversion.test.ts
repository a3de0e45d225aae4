import { describe, expect, it } from 'vitest';
import { convertToFloat32, float16ToFloat32 } from './float-conversion.js';

/** The same number by its definition in IEEE 754. */
function byDefinition(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}

describe('float16ToFloat32', () => {
  it('gives the value of each of the 65,536 bit patterns', () => {
    for (let bits = 0; bits < 65536; bits++) {
      if (!Object.is(float16ToFloat32(bits), byDefinition(bits))) expect.fail(`bits ${bits}`);
    }
  });
});

describe('convertToFloat32', () => {
  it('refuses a dtype that is not a float', () => {
    expect(() => convertToFloat32('U16', new Uint8Array(2), new Float32Array(1))).toThrow('received U16');
  });
});
