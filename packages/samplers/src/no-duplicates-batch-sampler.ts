import {
  BATCH_SAMPLER_CONTRACT,
  type BatchSampler,
  type BatchSamplerOptions,
  type BatchStream,
  createRandom,
  EmbedbagError,
  type Random,
  type SampledRows,
} from '@embedbag/core';
import { ascendingRows, checkBatchSize, checkSkip, countBatches } from './stream-arguments.js';
import { TextHashSet } from './text-hash-set.js';

const EXTRA_PASSES = 2;
const END = -1;

/** A {@link BatchStream} that knows how many rows it has not handed out. */
export interface NoDuplicatesBatchStream extends BatchStream {
  /** Rows of the dataset that were in no batch so far. */
  readonly undrawnRows: number;
}

/** The sampler that {@link noDuplicatesBatchSampler} makes. */
export interface NoDuplicatesBatchSampler extends BatchSampler {
  open(rows: SampledRows, options: BatchSamplerOptions): NoDuplicatesBatchStream;
}

/** The 64-bit text hashes of one column, and which rows have a text there. */
interface HashedColumn {
  readonly hashes: Uint32Array;
  readonly valid: Uint8Array | undefined;
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
  readonly #columns: readonly HashedColumn[];
  readonly #batchSize: number;
  readonly #dropLast: boolean;
  readonly #random: Random;
  readonly #seen: TextHashSet;
  readonly #batch: Int32Array;
  /** Row numbers in the order of this pass. */
  readonly #order: Int32Array;
  /** By place in `#order`: the place of the next queued row, or `END`. */
  readonly #nextPlace: Int32Array;
  readonly #isDrawn: Uint8Array;
  #head = END;
  #position = 0;
  #passes = 0;
  #undrawnRows: number;

  constructor(rows: SampledRows, options: BatchSamplerOptions) {
    const { rowCount } = rows;
    this.count = countBatches(rows, options);
    this.#columns = hashedColumns(rows);
    this.#batchSize = Math.min(options.batchSize, rowCount);
    this.#dropLast = options.dropLast;
    this.#random = createRandom(options.seed, 'NO_DUPLICATES');
    this.#seen = new TextHashSet(this.#batchSize * this.#columns.length);
    this.#batch = new Int32Array(this.#batchSize);
    this.#order = ascendingRows(rowCount);
    this.#nextPlace = new Int32Array(rowCount);
    this.#isDrawn = new Uint8Array(rowCount);
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

  /** Puts the rows of the next batch into `#batch` and returns their number; 0 at the end. */
  #draw(): number {
    for (;;) {
      if (this.#passes > 1 && this.#position >= this.count) return 0;
      if (this.#head === END) {
        const mayGoOn = this.#position > 0 && this.#position < this.count && this.#passes <= EXTRA_PASSES;
        if (!mayGoOn) return 0;
        this.#beginPass();
      }
      const size = this.#fill();
      // A batch that stays short takes its rows with it, as in the reference.
      if (this.#dropLast && size < this.#batchSize) continue;
      this.#position += 1;
      for (let i = 0; i < size; i++) {
        const row = this.#batch[i]!;
        this.#undrawnRows -= 1 - this.#isDrawn[row]!;
        this.#isDrawn[row] = 1;
      }
      return size;
    }
  }

  /** Queues every row in a new random order. */
  #beginPass(): void {
    const places = this.#nextPlace;
    this.#random.shuffle(this.#order);
    for (let place = 0; place < places.length; place++) places[place] = place + 1;
    places[places.length - 1] = END;
    this.#head = 0;
    this.#passes += 1;
  }

  /** Moves queued rows into `#batch`, first come first, but none with a text that is already in it. */
  #fill(): number {
    const order = this.#order;
    const nextPlace = this.#nextPlace;
    let size = 0;
    let previous = END;
    let place = this.#head;
    this.#seen.clear();
    while (place !== END && size < this.#batchSize) {
      const row = order[place]!;
      const following = nextPlace[place]!;
      if (this.#admit(row)) {
        this.#batch[size++] = row;
        if (previous === END) this.#head = following;
        else nextPlace[previous] = following;
      } else {
        previous = place;
      }
      place = following;
    }
    return size;
  }

  /**
   * Adds the texts of `row` to those of the batch and returns true, or returns false if one of them is already there.
   * Texts of the row that are equal to each other are no obstacle.
   */
  #admit(row: number): boolean {
    const columns = this.#columns;
    const seen = this.#seen;
    for (let c = 0; c < columns.length; c++) {
      const { hashes, valid } = columns[c]!;
      if (valid !== undefined && valid[row] === 0) continue;
      if (seen.has(hashes[row * 2]!, hashes[row * 2 + 1]!)) return false;
    }
    for (let c = 0; c < columns.length; c++) {
      const { hashes, valid } = columns[c]!;
      if (valid !== undefined && valid[row] === 0) continue;
      seen.add(hashes[row * 2]!, hashes[row * 2 + 1]!);
    }
    return true;
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
 *
 * Follows `NoDuplicatesBatchSampler` of sentence-transformers 6.2. `skip` draws the batches it skips.
 * `open` throws `batch-size-invalid` and `text-hashes-invalid`, `skip` throws `skip-invalid`.
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
    name: 'NO_DUPLICATES',
    config: {},
    open(rows, options) {
      checkBatchSize(options);
      return new Stream(rows, options);
    },
  };
}
