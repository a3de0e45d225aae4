import {
  BATCH_SAMPLER_CONTRACT,
  type BatchSampler,
  type BatchSamplerOptions,
  type BatchStream,
  restoreStream,
  saveStream,
} from '@embedbag/core';
import { expect } from 'vitest';
import { type ContractCheck, expectPlugin } from './contract-check.js';
import { DISTINCT_ROWS, KNOWN_ROWS, type KnownRows, sampledRows } from './sampled-rows.js';

/** What the checks of a batch sampler need to know; see `TestBatchSamplerOptions`. */
export interface BatchSamplerCheckSettings {
  readonly create: () => BatchSampler;
  readonly drawsEveryRow: boolean;
  readonly distinctTexts: boolean;
  readonly isShuffled: boolean;
  readonly batchSizes: readonly number[];
  readonly minRows: number;
  readonly labelOf: ((row: number) => number) | undefined;
}

type Check = ContractCheck<BatchSamplerCheckSettings>;

const SEED = 42;

/** A way in which the checks open a sampler. */
type Way = BatchSamplerOptions & { readonly known: KnownRows };

function waysFor({ batchSizes, minRows, labelOf }: BatchSamplerCheckSettings): Way[] {
  return KNOWN_ROWS.filter(({ texts }) => texts.length >= minRows).flatMap((rows) => {
    const known = labelled(rows, labelOf);
    return batchSizes.flatMap((batchSize) =>
      [false, true].map((dropLast) => ({ known, batchSize, dropLast, seed: SEED })),
    );
  });
}

function labelled(known: KnownRows, labelOf: BatchSamplerCheckSettings['labelOf']): KnownRows {
  return labelOf === undefined ? known : { ...known, labelOf };
}

/** What a check of seeds opens: rows without repeats, in batches of more than one row. */
function shuffledWay({ batchSizes, labelOf }: BatchSamplerCheckSettings): Way {
  const batchSize = batchSizes.find((size) => size > 1) ?? 1;
  return { known: labelled(DISTINCT_ROWS, labelOf), batchSize, dropLast: false, seed: SEED };
}

function describeWay({ known, batchSize, dropLast }: Way): string {
  return `${known.what}, batches of ${batchSize}${dropLast ? ', dropLast' : ''}`;
}

/** A stream may not go on for ever: `most` is far above what any pass gives. */
function drain(stream: BatchStream, most = 1000): Int32Array[] {
  const batches: Int32Array[] = [];
  for (let rows = stream.next(); rows !== undefined; rows = stream.next()) {
    batches.push(rows);
    if (batches.length > most) expect.fail(`the stream gave more than ${most} batches and did not end`);
  }
  return batches;
}

function drawn(create: () => BatchSampler, known: KnownRows, options: BatchSamplerOptions): number[][] {
  return drain(create().open(sampledRows(known).rows, options)).map((rows) => [...rows]);
}

function ascending(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

/** A check of every way to open a sampler. */
function everyWay(title: string, body: (way: Way, settings: BatchSamplerCheckSettings) => void): Check {
  return {
    title,
    run(settings) {
      for (const way of waysFor(settings)) body(way, settings);
    },
  };
}

const batchChecks: readonly Check[] = [
  everyWay('gives batches of rows that are there, none twice in a batch', (way, { create }) => {
    for (const rows of drain(create().open(sampledRows(way.known).rows, way))) {
      expect(rows, describeWay(way)).toBeInstanceOf(Int32Array);
      expect(rows.length, describeWay(way)).toBeGreaterThan(0);
      expect(rows.length, describeWay(way)).toBeLessThanOrEqual(way.batchSize);
      expect(new Set(rows).size, `${describeWay(way)}: distinct rows`).toBe(rows.length);
      expect(
        rows.every((row) => row >= 0 && row < way.known.texts.length),
        `${describeWay(way)}: rows in range`,
      ).toBe(true);
    }
  }),
  everyWay('without `dropLast` gives every row once', (way, { create, drawsEveryRow }) => {
    if (way.dropLast || !drawsEveryRow) return;
    const rows = drawn(create, way.known, way).flat();
    expect(ascending(rows), describeWay(way)).toEqual([...way.known.texts.keys()]);
  }),
  everyWay('with `dropLast` gives full batches only', (way, { create }) => {
    if (!way.dropLast) return;
    for (const rows of drawn(create, way.known, way)) expect(rows.length, describeWay(way)).toBe(way.batchSize);
  }),
  everyWay('puts no text into two rows of a batch', (way, { create, distinctTexts }) => {
    if (!distinctTexts) return;
    for (const rows of drawn(create, way.known, way)) {
      const texts = rows.flatMap((row) => [...new Set(way.known.texts[row]!.filter((text) => text !== undefined))]);
      expect(new Set(texts).size, describeWay(way)).toBe(texts.length);
    }
  }),
];

const countChecks: readonly Check[] = [
  everyWay('counts its batches before it gives them', (way, { create }) => {
    const stream = create().open(sampledRows(way.known).rows, way);
    const { count } = stream;
    expect(Number.isSafeInteger(count) && count >= 0, `${describeWay(way)}: a whole number`).toBe(true);
    const batches = drain(stream).length;
    expect(stream.count, `${describeWay(way)}: the same at the end`).toBe(count);
    if (way.known.texts === DISTINCT_ROWS.texts || way.known.texts.length < 2)
      expect(batches, describeWay(way)).toBe(count);
  }),
  everyWay('tells its position, and stays at the end', (way, { create }) => {
    const stream = create().open(sampledRows(way.known).rows, way);
    expect(stream.position, `${describeWay(way)}: at the start`).toBe(0);
    let position = 0;
    while (position <= 1000 && stream.next() !== undefined) {
      position += 1;
      expect(stream.position, describeWay(way)).toBe(position);
    }
    expect(stream.next(), `${describeWay(way)}: after the end`).toBeUndefined();
    expect(stream.position, `${describeWay(way)}: after the end`).toBe(position);
  }),
  everyWay('skips as if it had given the batches', (way, { create }) => {
    const all = drawn(create, way.known, way);
    for (const skipped of [0, 1, 2, all.length, all.length + 3]) {
      const stream = create().open(sampledRows(way.known).rows, way);
      const first = skipped > 1 ? stream.next() : undefined;
      stream.skip(skipped - (first === undefined ? 0 : 1));
      const what = `${describeWay(way)}: ${skipped} skipped`;
      expect(stream.position, what).toBe(Math.min(skipped, all.length));
      expect(
        drain(stream).map((rows) => [...rows]),
        what,
      ).toEqual(all.slice(skipped));
    }
  }),
  everyWay('goes on from a saved place, which is plain JSON, as if it had skipped there', (way, { create }) => {
    const all = drawn(create, way.known, way);
    for (const given of new Set([0, 1, 2, Math.floor(all.length / 2), all.length])) {
      const stream = create().open(sampledRows(way.known).rows, way);
      for (let batch = 0; batch < given; batch++) stream.next();
      const what = `${describeWay(way)}: saved after ${given}`;
      const state = saveStream(stream);
      expect(state.position, what).toBe(Math.min(given, all.length));
      expect(JSON.parse(JSON.stringify(state)), what).toStrictEqual(state);
      const restored = create().open(sampledRows(way.known).rows, way);
      restoreStream(restored, JSON.parse(JSON.stringify(state)));
      expect(restored.position, what).toBe(state.position);
      expect(saveStream(restored), what).toStrictEqual(state);
      expect(
        drain(restored).map((rows) => [...rows]),
        what,
      ).toEqual(all.slice(given));
      // Saving is no step: the stream itself goes on as before.
      expect(
        drain(stream).map((rows) => [...rows]),
        what,
      ).toEqual(all.slice(given));
    }
  }),
  everyWay('has both or none of `state` and `restore`', (way, { create }) => {
    const { state, restore } = create().open(sampledRows(way.known).rows, way);
    expect(state === undefined, describeWay(way)).toBe(restore === undefined);
  }),
];

const stateChecks: readonly Check[] = [
  everyWay('changes nothing that it borrows', (way, { create }) => {
    const { rows, expectUntouched } = sampledRows(way.known);
    drain(create().open(rows, way));
    expectUntouched();
  }),
  everyWay('gives batches that belong to the caller', (way, { create }) => {
    const stream = create().open(sampledRows(way.known).rows, way);
    const all = drawn(create, way.known, way);
    for (const expected of all) {
      const rows = stream.next();
      expect([...rows!], describeWay(way)).toEqual(expected);
      rows!.fill(-1);
    }
  }),
  {
    title: 'gives the same batches for a seed and others for another',
    run(settings) {
      const { create, isShuffled } = settings;
      const way = shuffledWay(settings);
      const batchesOf = (seed: number): number[][] => drawn(create, way.known, { ...way, seed });
      expect(batchesOf(SEED)).toEqual(batchesOf(SEED));
      if (isShuffled) expect(batchesOf(SEED)).not.toEqual(batchesOf(SEED + 1));
    },
  },
  {
    title: 'keeps streams apart that are open at the same time',
    run(settings) {
      const sampler = settings.create();
      const way = shuffledWay(settings);
      const expected = drawn(settings.create, way.known, way);
      const [first, second] = [1, 2].map(() => sampler.open(sampledRows(way.known).rows, way));
      const received: number[][][] = [[], []];
      for (const _ of expected) {
        received[0]!.push([...first!.next()!]);
        received[1]!.push([...second!.next()!]);
      }
      expect(received).toEqual([expected, expected]);
    },
  },
];

/** All checks of a batch sampler. */
export const batchSamplerChecks: readonly Check[] = [
  {
    title: 'names itself and has a config of plain JSON',
    run: ({ create }) => expectPlugin(create(), create(), BATCH_SAMPLER_CONTRACT),
  },
  ...batchChecks,
  ...countChecks,
  ...stateChecks,
];
