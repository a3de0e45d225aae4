import type { ContrastiveForm, ContrastiveProducts } from './contrastive-problem.js';
import type { JsonObject } from './json.js';
import type { Kernels } from './kernels.js';
import type { Random } from './random.js';

/** The version tag of {@link Loss}. */
export const LOSS_CONTRACT = 'embedbag/loss@1';

/** The columns a loss can work with. */
export interface LossColumns {
  /** Fewest text columns. */
  readonly min: number;
  /** Most text columns; undefined for any number. */
  readonly max?: number;
  /** What `labels` must hold: nothing, one or several scores a row, a class a row, or a vector for each text of a row. */
  readonly labels: 'none' | 'score' | 'class' | 'vector';
}

/** What a loss may read of a batch before its embeddings exist. */
export interface LossPrepareInput {
  /** The texts by column. */
  readonly texts: readonly (readonly string[])[];
  /** Their hashes by column, `[rows * 2]`; see `TextDataset.textHashes`. */
  readonly textHashes: readonly Uint32Array[];
  /** See {@link LossComputeInput.labels}. */
  readonly labels?: Float32Array;
  /** The dataset's name. */
  readonly dataset: string;
  /** The batch's row numbers in that dataset. */
  readonly rows: Int32Array;
  /** For sampled choices; the only source of chance a loss may use. */
  readonly random: Random;
}

/** One batch of embeddings. */
export interface LossComputeInput<Prepared = unknown> {
  /** One matrix `[rows, dimension]` a column, borrowed: not to be changed or kept. */
  readonly embeddings: readonly Float32Array[];
  readonly rows: number;
  readonly dimension: number;
  /** By column: 0 where a ragged column has no text. Undefined where all rows count. */
  readonly valid?: readonly (Uint8Array | undefined)[];
  /**
   * `[rows, labels.length / rows]`, row-major, borrowed: one label a row, or several where the loss takes a list of scores.
   * Only where `columns.labels` asks for them.
   */
  readonly labels?: Float32Array;
  /** What `prepare` returned. */
  readonly prepared: Prepared;
  readonly kernels: Kernels;
  /** What the kernels are to compute products in; default `float32`. A loss that asks them for none need not look. */
  readonly products?: ContrastiveProducts;
}

/**
 * A training loss: from the embeddings of a batch to one number and its gradient.
 * A loss never sees a table.
 */
export interface Loss<Prepared = unknown> {
  readonly contract: typeof LOSS_CONTRACT;
  /** The field's name, such as `MultipleNegativesRankingLoss`. */
  readonly name: string;
  /** Everything needed to make this loss again. */
  readonly config: JsonObject;
  readonly columns: LossColumns;
  /** BibTeX for the model card. */
  readonly citation?: string;
  /** Guide embeddings, masks, sampled dims: all that needs texts, time or chance. */
  prepare?(input: LossPrepareInput, signal: AbortSignal | undefined): Promise<Prepared>;
  /**
   * Returns the loss of the batch; with `gradients` also writes (not adds) its gradient by each embedding matrix.
   * Without `gradients` only the value is wanted, as in evaluation.
   */
  compute(input: LossComputeInput<Prepared>, gradients?: readonly Float32Array[]): number;
  /**
   * For softmax losses over cosine similarities: the form a fused kernel can run at many dims at once, from what `prepare`
   * returned where the loss prepares something.
   */
  contrastive?(columnCount: number, prepared?: Prepared): ContrastiveForm;
  /**
   * How many matrices `[rows, dimension]` the loss and a kernel with a memory of its own hold for a batch of `columnCount` columns,
   * beside the embeddings and their gradients: what the trainer adds up before the first step. Undefined for none worth counting.
   */
  workingMatrices?(columnCount: number): number;
}
