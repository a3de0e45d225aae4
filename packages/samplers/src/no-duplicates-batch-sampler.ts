import {
  BATCH_SAMPLER_CONTRACT,
  type BatchSampler,
  type BatchSamplerOptions,
  type BatchStream,
  type BatchStreamState,
  createRandom,
  EmbedbagError,
  type Random,
  type SampledRows,
} from '@embedbag/core';
import type { HashedColumn } from './hashed-rows.js';
import { rowsOrigin } from './ordered-stream.js';
import { RowQueue } from './row-queue.js';
import { ascendingRows, checkBatchSize, checkSkip, countBatches } from './stream-arguments.js';
import { checkStreamState, type StreamOrigin, stateNumbers, streamState } from './stream-state.js';
import { TextHashSet } from './text-hash-set.js';

const NAME = 'NO_DUPLICATES';
const EXTRA_PASSES = 2;

/** A {@link BatchStream} that knows how many rows it has not handed out. */
export interface NoDuplicatesBatchStream extends BatchStream {
  /** Rows of the dataset that were in no batch so far. */
  readonly undrawnRows: number;
}

/** The sampler that {@link noDuplicatesBatchSampler} makes. */
export interface NoDuplicatesBatchSampler extends BatchSampler {
  open(rows: SampledRows, options: BatchSamplerOptions): NoDuplicatesBatchStream;
}

function hashedColumns(rows: SampledRows): HashedColumn[] {
  const all = rows.valid === undefined ? undefined : ascendingRows(rows.rowCount);
  return rows.columns.map((name, column) => {
    const hashes = rows.textHashes(column);
    if (hashes.length >= rows.rowCount * 2) {
      return { hashes, valid: all === undefined ? undefined : rows.valid?.(column, all) };
    }
    throw new EmbedbagError({
      code: 'text-hashes-invalid',
      message: `Expected \`textHashes(${column})\` of column \`${name}\` to hold two words for each of ${rows.rowCount} rows, received ${hashes.length} words. Make them with \`hashTexts\`.`,
      details: { column: name, expected: rows.rowCount * 2, received: hashes.length },
    });
  });
}

class Stream implements NoDuplicatesBatchStream {
  readonly count: number;
  readonly #origin: StreamOrigin;
  readonly #batchSize: number;
  readonly #dropLast: boolean;
  readonly #random: Random;
  readonly #seen: TextHashSet;
  readonly #batch: Int32Array;
  readonly #queue: RowQueue;
  readonly #rowCount: number;
  /** By row; empty where no row comes twice. */
  readonly #isDrawn: Uint8Array;
  #position = 0;
  #passes = 0;
  #undrawnRows: number;

  constructor(rows: SampledRows, options: BatchSamplerOptions) {
    const { rowCount } = rows;
    this.count = countBatches(rows, options);
    this.#origin = rowsOrigin(NAME, rows, options);
    const columns = hashedColumns(rows);
    this.#batchSize = Math.min(options.batchSize, rowCount);
    this.#dropLast = options.dropLast;
    this.#random = createRandom(options.seed, NAME);
    this.#seen = new TextHashSet(this.#batchSize * columns.length);
    this.#batch = new Int32Array(this.#batchSize);
    this.#queue = new RowQueue(rowCount, columns, rows.blocks);
    this.#rowCount = rowCount;
    this.#isDrawn = new Uint8Array(options.dropLast ? rowCount : 0);
    this.#undrawnRows = rowCount;
    // With `dropLast` and fewer rows than a batch, nothing can be drawn.
    if (this.count > 0) this.#beginPass();
  }

  get position(): number {
    return this.#position;
  }

  get undrawnRows(): number {
    return this.#undrawnRows;
  }

  next(): Int32Array | undefined {
    const size = this.#draw();
    return size === 0 ? undefined : this.#batch.slice(0, size);
  }

  skip(batches: number): void {
    checkSkip(batches);
    for (let i = 0; i < batches && this.#draw() > 0; i++);
  }

  /**
   * The passes say how often the rows were shuffled. Of the queue, `waiting` are the places that batches passed over, and all
   * from `untouched` on follow them.
   */
  state(): BatchStreamState {
    const { waiting, untouched } = this.#queue.places();
    return streamState(this.#origin, this.#position, {
      passes: [this.#passes],
      untouched: [untouched],
      waiting,
      undrawn: this.#dropLast ? this.#rowsToRemember() : [],
    });
  }

  restore(state: BatchStreamState): void {
    checkStreamState(state, this.#origin, this.#position);
    const rowCount = this.#rowCount;
    const [passes = 0] = stateNumbers(state, 'passes', EXTRA_PASSES + 2);
    const [untouched = rowCount] = stateNumbers(state, 'untouched', rowCount + 1);
    const waiting = stateNumbers(state, 'waiting', rowCount);
    const undrawn = stateNumbers(state, 'undrawn', rowCount);
    while (this.#passes < passes) this.#beginPass();
    this.#position = state.position;
    this.#queue.restore(waiting, untouched);
    if (!this.#dropLast) {
      this.#undrawnRows = waiting.length + rowCount - untouched;
      return;
    }
    this.#isDrawn.fill(1);
    if (passes === 1) this.#queue.forEachRow((row) => this.#setUndrawn(row));
    for (const row of undrawn) this.#setUndrawn(row);
    this.#undrawnRows = this.#isDrawn.reduce((left, isDrawn) => left - isDrawn, rowCount);
  }

  #setUndrawn(row: number): void {
    this.#isDrawn[row] = 0;
  }

  /** Rows that were in no batch and that the queue does not tell: in later passes it also holds rows that were. */
  #rowsToRemember(): number[] {
    const isTold = new Uint8Array(this.#rowCount);
    if (this.#passes === 1) {
      this.#queue.forEachRow((row) => {
        isTold[row] = 1;
      });
    }
    return [...ascendingRows(this.#rowCount)].filter((row) => this.#isDrawn[row] === 0 && isTold[row] === 0);
  }

  /** Puts the rows of the next batch into `#batch` and returns their number; 0 at the end. */
  #draw(): number {
    for (;;) {
      if (this.#passes > 1 && this.#position >= this.count) return 0;
      if (this.#queue.isEmpty) {
        const mayGoOn = this.#position > 0 && this.#position < this.count && this.#passes <= EXTRA_PASSES;
        if (!mayGoOn) return 0;
        this.#beginPass();
      }
      this.#seen.clear();
      const size = this.#queue.fill(this.#batch, this.#seen);
      // A batch that stays short takes its rows with it, as in the reference.
      if (this.#dropLast && size < this.#batchSize) continue;
      this.#position += 1;
      this.#countDrawn(size);
      return size;
    }
  }

  #countDrawn(size: number): void {
    // Without `dropLast` there is one pass, and a row comes once.
    if (!this.#dropLast) {
      this.#undrawnRows -= size;
      return;
    }
    for (let i = 0; i < size; i++) {
      const row = this.#batch[i]!;
      this.#undrawnRows -= 1 - this.#isDrawn[row]!;
      this.#isDrawn[row] = 1;
    }
  }

  /** Queues every row in a new random order. */
  #beginPass(): void {
    this.#queue.shuffle(this.#random);
    this.#passes += 1;
  }
}

/**
 * NO_DUPLICATES: no text is twice in a batch, in whatever column, so that no in-batch negative is a row's own positive.
 *
 * The rows are shuffled and queued. A batch takes the first rows of the queue, except those that share a text with a row
 * already taken; these keep their places for the batches after it. A row whose own texts are equal is no obstacle.
 * Texts are compared by their 64-bit hashes.
 *
 * - `count` is `ceil(rows / batchSize)`, or the floor with `dropLast`.
 * - Without `dropLast` every row comes once. Rows that repeat each other's texts may need more than `count` batches,
 *   the further ones mostly small: a consumer that keeps to `count`, as PROPORTIONAL does, leaves `undrawnRows` rows out.
 * - With `dropLast` short batches are left out with their rows. If a pass then gives fewer than `count` batches, all rows
 *   are shuffled again, at most twice; after that the stream ends early.
 * - Rows with `blocks` are shuffled so that few blocks are open at a time; a row that waits longer is read from its block again.
 *
 * Follows `NoDuplicatesBatchSampler` of sentence-transformers 6.2. `skip` draws the batches it skips; `restore` does not.
 * `open` throws `batch-size-invalid`, `text-hashes-invalid` and `row-blocks-invalid`, `skip` throws `skip-invalid`, `restore` throws
 * `stream-state-invalid`.
 *
 * @example
 * ```ts
 * const stream = noDuplicatesBatchSampler().open(dataset, { batchSize: 2048, dropLast: false, seed: 42 });
 * const rows = stream.next();
 * ```
 */
export function noDuplicatesBatchSampler(): NoDuplicatesBatchSampler {
  return {
    contract: BATCH_SAMPLER_CONTRACT,
    name: NAME,
    config: {},
    open(rows, options) {
      checkBatchSize(options);
      return new Stream(rows, options);
    },
  };
}
