import type { Matrix } from '@embedbag/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  quantizationRanges,
  quantizeBinary,
  quantizeEmbeddings,
  quantizeInt8,
  quantizeUbinary,
  quantizeUint8,
} from './quantization.js';

const row = (...values: number[]): Matrix => ({ data: Float32Array.from(values), rows: 1, columns: values.length });
const ranges = (minima: number[], maxima: number[]): Matrix => ({
  data: Float32Array.from([...minima, ...maxima]),
  rows: 2,
  columns: minima.length,
});

describe('quantizeUint8', () => {
  it('divides the range into 255 steps and takes the floor', () => {
    const { data } = quantizeUint8(row(0, 0.999, 1, 254.999, 255), ranges([0, 0, 0, 0, 0], [255, 255, 255, 255, 255]));
    expect([...data]).toEqual([0, 0, 1, 254, 255]);
  });

  it('clips what lies outside the range', () => {
    expect([...quantizeUint8(row(-3, 300), ranges([0, 0], [255, 255])).data]).toEqual([0, 255]);
  });

  it('gives a column without extent the code of its floor', () => {
    expect([...quantizeUint8(row(2, 4.5, 1), ranges([2, 2, 2], [2, 2, 2])).data]).toEqual([0, 2, 0]);
  });

  // From numpy in float32; float64 gives 18, 11, 29 and 66.
  it.each([
    [-0.13210485875606537, 0.1257302165031433, -0.11289361864328384, 19],
    [0.10490011423826218, 0.6404226422309875, 0.13010117411613464, 12],
    [-0.5356693863868713, 0.3615950644016266, -0.43362754583358765, 28],
    [0.9470809698104858, 1.3040000200271606, 1.0408596992492676, 67],
  ])('rounds every operation to float32: range %f to %f', (minimum, maximum, value, code) => {
    expect([...quantizeUint8(row(value), ranges([minimum], [maximum])).data]).toEqual([code]);
  });
});

describe('quantizeInt8', () => {
  it('gives the codes of uint8 less 128', () => {
    const matrix = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(matrix, (values) => {
        const bounds = ranges([-1, -1, -1, -1], [1, 1, 1, 1]);
        const unsigned = quantizeUint8(row(...values), bounds);
        expect([...quantizeInt8(row(...values), bounds).data]).toEqual([...unsigned.data].map((code) => code - 128));
      }),
    );
  });
});

describe('quantizeUbinary', () => {
  it('puts the first dimension in the highest bit and counts only what is above 0', () => {
    const { data, columns } = quantizeUbinary(row(1, 0, -0, -1, 1e-30, 0, 0, 1));
    expect([columns, ...data]).toEqual([1, 0b10001001]);
  });

  it('fills the last byte of every row up with zeros', () => {
    const { data, rows, columns } = quantizeUbinary({ data: new Float32Array(18).fill(1), rows: 2, columns: 9 });
    expect([rows, columns, ...data]).toEqual([2, 2, 0xff, 0x80, 0xff, 0x80]);
  });
});

describe('quantizeBinary', () => {
  it('gives the bytes of ubinary less 128', () => {
    expect([...quantizeBinary(row(1, 1, 1, 1, 1, 1, 1, 1, -1)).data]).toEqual([127, -128]);
  });
});

describe('quantizationRanges', () => {
  it('gives the minima and the maxima of the columns', () => {
    const { data } = quantizationRanges({ data: Float32Array.of(1, -2, 0, 5, -7, 3), rows: 3, columns: 2 });
    expect([...data]).toEqual([-7, -2, 1, 5]);
  });

  it('refuses a single embedding', () => {
    expect(() => quantizationRanges(row(1, 2))).toThrow(
      'Expected at least 2 embeddings to measure quantisation ranges from, received 1. Call `calibrate` with a representative set of texts, or pass `ranges`.',
    );
  });
});

describe('quantizeEmbeddings', () => {
  it('measures ranges on the embeddings where none are given', () => {
    const embeddings = { data: Float32Array.of(0, 1, 2, 3), rows: 2, columns: 2 };
    expect([...quantizeEmbeddings(embeddings, 'uint8').data]).toEqual([0, 0, 254, 254]);
  });

  it('refuses ranges of another dimension', () => {
    expect(() => quantizeEmbeddings(row(1, 2), 'int8', ranges([0], [1]))).toThrow(
      'Expected `ranges` of shape [2, 2], received [2, 1] in 2 values. Measure them on embeddings truncated to 2 dimensions.',
    );
  });

  it('leaves float32 as it is', () => {
    const embeddings = row(1, 2);
    expect(quantizeEmbeddings(embeddings, 'float32')).toBe(embeddings);
  });
});
