import { bagCount } from '@embedbag/core';
import { test } from 'vitest';
import { type Defect, expectNoticed } from './broken-kernels.js';

const DEFECTS: readonly Defect[] = [
  {
    what: 'write sums instead of means',
    noticedBy: 'bagForward writes the mean',
    broken: (right) => ({
      bagForward(table, bags, out) {
        right.bagForward(table, bags, out);
        for (let bag = 0; bag < bagCount(bags); bag++) {
          const length = bags.offsets[bag + 1]! - bags.offsets[bag]!;
          for (let c = 0; c < table.columns; c++) out[bag * table.columns + c]! *= length;
        }
      },
    }),
  },
  {
    what: 'leave empty bags unwritten',
    noticedBy: 'bagForward writes zeros',
    broken: (right) => ({
      bagForward(table, bags, out) {
        const before = out.slice();
        right.bagForward(table, bags, out);
        for (let bag = 0; bag < bagCount(bags); bag++) {
          if (bags.offsets[bag + 1] !== bags.offsets[bag]) continue;
          const start = bag * table.columns;
          out.set(before.subarray(start, start + table.columns), start);
        }
      },
    }),
  },
  {
    what: 'write beyond the output',
    noticedBy: 'bagForward writes the mean',
    broken: (right) => ({
      bagForward(table, bags, out) {
        right.bagForward(table, bags, out);
        new Float32Array(out.buffer, out.byteOffset, out.length + 1)[out.length] = 0;
      },
    }),
  },
  {
    what: 'average all columns whatever they are asked for',
    noticedBy: 'bagForward averages the first columns',
    broken: (right) => ({
      bagForward(table, bags, out, options) {
        const means = new Float32Array(bagCount(bags) * table.columns);
        right.bagForward(table, bags, means, { normalize: options?.normalize === true });
        out.set(means.subarray(0, out.length));
      },
    }),
  },
  {
    what: 'never normalise the means',
    noticedBy: 'bagForward averages the first columns',
    broken: (right) => ({
      bagForward: (table, bags, out, options) => right.bagForward(table, bags, out, { ...options, normalize: false }),
    }),
  },
  {
    what: 'finish no work that was started',
    noticedBy: 'startBagForward writes what bagForward writes',
    broken: () => ({ startBagForward: () => () => {} }),
  },
  {
    what: 'write the batches over each other',
    noticedBy: 'bagForwardBatches writes the rows',
    broken: (right) => ({
      bagForwardBatches(table, batches, rows, { dimension = table.columns, ...options } = {}) {
        const out = new Float32Array(rows * dimension);
        for (const bags of batches) right.bagForward(table, bags, out, { dimension, ...options });
        return out;
      },
    }),
  },
  {
    what: 'read ids as rows of a longer table',
    noticedBy: 'bagForward refuses',
    broken: (right) => ({ bagForward: (table, bags, out) => right.bagForward({ ...table, rows: 1e9 }, bags, out) }),
  },
  {
    what: 'give the touched rows in descending order',
    noticedBy: 'bagBackward gives the touched rows',
    broken: (right) => ({
      bagBackward(bags, gradient, columns) {
        const result = right.bagBackward(bags, gradient, columns);
        return { ...result, rows: result.rows.slice().reverse() };
      },
    }),
  },
  {
    what: 'scale the row gradients',
    noticedBy: 'bagBackward gives the touched rows',
    broken: (right) => ({
      bagBackward(bags, gradient, columns) {
        const result = right.bagBackward(bags, gradient, columns);
        return { ...result, values: result.values.map((value) => value * 1.0001) };
      },
    }),
  },
];

test.each(DEFECTS)('the check $noticedBy notices kernels that $what', expectNoticed);
