/** A (query column, candidate column) pair: one stretch of `rows` logits in the softmax of every row. */
export interface ContrastiveBlock {
  /** Index of the column whose row `i` asks. */
  readonly queries: number;
  /** Index of the column all of whose rows answer. */
  readonly candidates: number;
  /** Which softmax the block belongs to, counted from 0 without gaps. All blocks in 0 is a `joint` partition. */
  readonly partition: number;
  /** Remove the entries `(i, i)`: a text against itself or against another text of its own row. */
  readonly removeDiagonal: boolean;
  /** Adds `strength * stopgrad(cosine)` to the logits named by `entries`, unscaled. */
  readonly hardness?: {
    readonly strength: number;
    readonly entries: 'diagonal' | 'off-diagonal' | 'all';
  };
}

/**
 * What a second model, the guide, makes of the same texts: a candidate that it finds more similar than the positive is
 * probably no negative, and is removed.
 *
 * With `g(i)` the guide's cosine of row `i`'s label, the entry `(i, i)` of block 0, the entry `(i, j)` of any block is removed
 * where the guide's cosine of the same two texts is above `g(i) - margin` (`absolute`) or `g(i) - |g(i)| * margin`
 * (`relative`). The comparison is strict, and the label itself always stays. A kernel computes equal vectors' cosines alike
 * wherever they stand, so that a duplicate of the positive is not above it. Only with all blocks in one partition.
 */
export interface ContrastiveGuide {
  /** The guide's embeddings by column, each `[rows, dimension]`, of any length, borrowed. */
  readonly columns: readonly Float32Array[];
  /** Columns of the guide's embeddings, which need not be those of the model. */
  readonly dimension: number;
  readonly marginStrategy: 'absolute' | 'relative';
  readonly margin: number;
}

/** One Matryoshka prefix of the embedding and its share in the loss. */
export interface MatryoshkaTerm {
  /** The first `dim` columns of every embedding are compared. */
  readonly dim: number;
  readonly weight: number;
}

/**
 * What the products of embeddings, and of gradients with embeddings, are computed in.
 *
 * `float32`. Or `int16`: every row is rounded to 16-bit integers with a scale of its own, as are the softmax's weights, and
 * products are sums of 32-bit integers; all else stays float32. The loss is exactly that of the rounded rows. A loss
 * moves by some 1e-5 of its value, a row's gradient by some 2e-4 of its length, a twentieth of what bfloat16 does to it. For
 * backends that are faster at it; others take float32, and all may where a dim is below 16.
 */
export type ContrastiveProducts = 'float32' | 'int16';

/** The declarative form of a contrastive loss: what a fused kernel needs to know beside the embeddings. */
export interface ContrastiveForm {
  /** Block 0 holds the label of every row: its entry `(i, i)`. */
  readonly blocks: readonly ContrastiveBlock[];
  /** Multiplies every cosine similarity: 20 for MNRL, 1 / temperature for GIST. */
  readonly scale: number;
  /** Removes entries that are probably false negatives. */
  readonly guide?: ContrastiveGuide;
  /**
   * By column, a number of each row's text, `[rows]`, borrowed; equal texts have equal numbers in all columns. Rows that share
   * their text of column 0 or of column 1 are no negatives of each other: entries `(i, j)` with candidates of these columns
   * are removed. A candidate of another column is removed where it is the row's own text of column 1. An entry `(i, i)` of
   * columns 0 and 1 always stays. Undefined where no entry would be removed, or none should.
   */
  readonly textIds?: readonly Int32Array[];
  /**
   * Similarities of at most this many rows are held at a time, all threads together: what exists of the
   * `[rows, rows]` similarities is `rowsAtOnce * rows` values for each block and dim. A backend rounds it up to a multiple
   * of 8 and may take fewer. Changes no more than the order of sums. Undefined leaves the choice to the backend.
   */
  readonly rowsAtOnce?: number;
}

/**
 * One fused forward and backward of a contrastive loss, DESIGN's nested form.
 *
 *     loss = sum_d weight_d * mean_i ( mean_p logsumexp_p(i, d) - logit_0(i, i, d) )
 *
 * over dims `d`, rows `i` and partitions `p`, where a logit is `scale * cosine + hardness`.
 */
export interface ContrastiveProblem extends ContrastiveForm {
  /** Rows of every column. */
  readonly rows: number;
  /** Columns of every embedding matrix. */
  readonly dimension: number;
  /** The embedding matrices, each `[rows, dimension]`, borrowed. */
  readonly columns: readonly Float32Array[];
  /** Distinct dims, in any order, none above `dimension`. */
  readonly terms: readonly MatryoshkaTerm[];
  /** By column: 0 where a row has no text and is no candidate. Undefined where all rows count. Columns 0 and 1 have none. */
  readonly valid?: readonly (Uint8Array | undefined)[];
  /** Default `float32`. A guide's cosines are always float32. */
  readonly products?: ContrastiveProducts;
}
