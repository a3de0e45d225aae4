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
import { rowsOrigin } from './ordered-stream.js';
import { ascendingRows, checkBatchSize, checkSkip, countBatches } from './stream-arguments.js';
import { checkStreamState, type StreamOrigin, stateNumbers, streamState } from './stream-state.js';
import { TextHashSet } from './text-hash-set.js';

const NAME = 'NO_DUPLICATES';
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
  readonly #origin: StreamOrigin;
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
  /** By row; empty where no row comes twice. */
  readonly #isDrawn: Uint8Array;
  /**
   * By place in `#order`, `[rows, columns, 2]`: the hashes of the row there. Rows are compared in this order, and hashes that
   * lie as they are read come from memory some times faster than those of random rows.
   */
  readonly #orderedHashes: Int32Array;
  /** By place in `#order`, `[rows, columns]`: 0 where the row has no text; undefined where all rows have all. */
  readonly #orderedValid: Uint8Array | undefined;
  #head = END;
  #position = 0;
  #passes = 0;
  #undrawnRows: number;

  constructor(rows: SampledRows, options: BatchSamplerOptions) {
    const { rowCount } = rows;
    this.count = countBatches(rows, options);
    this.#origin = rowsOrigin(NAME, rowCount, options);
    this.#columns = hashedColumns(rows);
    this.#batchSize = Math.min(options.batchSize, rowCount);
    this.#dropLast = options.dropLast;
    this.#random = createRandom(options.seed, NAME);
    this.#seen = new TextHashSet(this.#batchSize * this.#columns.length);
    this.#batch = new Int32Array(this.#batchSize);
    this.#order = ascendingRows(rowCount);
    this.#nextPlace = new Int32Array(rowCount);
    this.#isDrawn = new Uint8Array(options.dropLast ? rowCount : 0);
    this.#orderedHashes = new Int32Array(rowCount * this.#columns.length * 2);
    const isRagged = this.#columns.some(({ valid }) => valid !== undefined);
    this.#orderedValid = isRagged ? new Uint8Array(rowCount * this.#columns.length) : undefined;
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
    const waiting: number[] = [];
    this.#forEachQueued((place) => waiting.push(place));
    let untouched = this.#order.length;
    while (waiting.at(-1) === untouched - 1) {
      waiting.pop();
      untouched -= 1;
    }
    return streamState(this.#origin, this.#position, {
      passes: [this.#passes],
      untouched: [untouched],
      waiting,
      undrawn: this.#dropLast ? this.#rowsToRemember() : [],
    });
  }

  restore(state: BatchStreamState): void {
    checkStreamState(state, this.#origin, this.#position);
    const rowCount = this.#order.length;
    const [passes = 0] = stateNumbers(state, 'passes', EXTRA_PASSES + 2);
    const [untouched = rowCount] = stateNumbers(state, 'untouched', rowCount + 1);
    const waiting = stateNumbers(state, 'waiting', rowCount);
    const undrawn = stateNumbers(state, 'undrawn', rowCount);
    while (this.#passes < passes) this.#beginPass();
    this.#position = state.position;
    this.#queue(waiting, untouched);
    if (!this.#dropLast) {
      this.#undrawnRows = waiting.length + rowCount - untouched;
      return;
    }
    this.#isDrawn.fill(1);
    if (passes === 1) this.#forEachQueued((place) => this.#setUndrawn(this.#order[place]!));
    for (const row of undrawn) this.#setUndrawn(row);
    this.#undrawnRows = this.#isDrawn.reduce((left, isDrawn) => left - isDrawn, rowCount);
  }

  #setUndrawn(row: number): void {
    this.#isDrawn[row] = 0;
  }

  #forEachQueued(use: (place: number) => void): void {
    for (let place = this.#head; place !== END; place = this.#nextPlace[place]!) use(place);
  }

  /** Makes the queue of the places `waiting` and all from `untouched` on. */
  #queue(waiting: readonly number[], untouched: number): void {
    const first = untouched < this.#order.length ? untouched : END;
    const links = this.#nextPlace;
    for (const [i, place] of waiting.entries()) links[place] = waiting[i + 1] ?? first;
    this.#head = waiting[0] ?? first;
  }

  /** Rows that were in no batch and that the queue does not tell: in later passes it also holds rows that were. */
  #rowsToRemember(): number[] {
    const isTold = new Uint8Array(this.#order.length);
    if (this.#passes === 1) {
      this.#forEachQueued((place) => {
        isTold[this.#order[place]!] = 1;
      });
    }
    return [...ascendingRows(this.#order.length)].filter((row) => this.#isDrawn[row] === 0 && isTold[row] === 0);
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
    const places = this.#nextPlace;
    this.#random.shuffle(this.#order);
    for (let place = 0; place < places.length; place++) places[place] = place + 1;
    places[places.length - 1] = END;
    this.#head = 0;
    this.#passes += 1;
    for (let column = 0; column < this.#columns.length; column++) this.#orderHashes(column);
  }

  #orderHashes(column: number): void {
    const order = this.#order;
    const ordered = this.#orderedHashes;
    const width = this.#columns.length;
    const { hashes, valid } = this.#columns[column]!;
    for (let place = 0, at = column * 2; place < order.length; place++, at += width * 2) {
      const row = order[place]!;
      ordered[at] = hashes[row * 2]!;
      ordered[at + 1] = hashes[row * 2 + 1]!;
    }
    if (this.#orderedValid === undefined) return;
    for (let place = 0; place < order.length; place++) {
      this.#orderedValid[place * width + column] = valid === undefined ? 1 : valid[order[place]!]!;
    }
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
      const following = nextPlace[place]!;
      if (this.#admit(place)) {
        this.#batch[size++] = order[place]!;
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
   * Adds the texts of the row at `place` to those of the batch and returns true, or returns false if one of them is there.
   * Texts of the row that are equal to each other are no obstacle.
   */
  #admit(place: number): boolean {
    const hashes = this.#orderedHashes;
    const valid = this.#orderedValid;
    const seen = this.#seen;
    const begin = place * this.#columns.length;
    const end = begin + this.#columns.length;
    for (let at = begin; at < end; at++) {
      if (valid !== undefined && valid[at] === 0) continue;
      if (seen.has(hashes[at * 2]!, hashes[at * 2 + 1]!)) return false;
    }
    for (let at = begin; at < end; at++) {
      if (valid !== undefined && valid[at] === 0) continue;
      seen.add(hashes[at * 2]!, hashes[at * 2 + 1]!);
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
 * Follows `NoDuplicatesBatchSampler` of sentence-transformers 6.2. `skip` draws the batches it skips; `restore` does not.
 * `open` throws `batch-size-invalid` and `text-hashes-invalid`, `skip` throws `skip-invalid`, `restore` throws
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
