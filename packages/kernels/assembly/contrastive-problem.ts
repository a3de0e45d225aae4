// The fused contrastive kernel, 1 of 9: what its parts share.
//
// A call runs `contrastivePrepare` once, then for one stretch of rows after the other `contrastiveRows` (each thread its
// own rows: products, softmax, the rows' gradient) and `contrastiveCandidates` (each thread its own candidates), and
// `contrastiveFinish` once. The host's calls between them are the barriers. So no gradient has two writers, no thread
// needs a private copy of one, and only `threads * rowsPerThread` rows of similarities exist at any time.
//
// Mirrors. A block (b, a) beside a block (a, b) has its similarities, transposed: it is left out of the table, and its
// softmax sums are sums over the rows of (a, b), its weights come to those of (a, b). Then the factor of every row has to be
// known before the first weight is: `contrastiveSums` goes over all stretches first, products and sums, and
// `contrastiveFactors` once. `contrastiveRows` then finds the dot products of its stretch in planes that were held
// (`holdsPlanes`: the host gives every stretch planes of its own), or makes them again.
//
// Layouts, all float32. The columns of an embedding are cut at the Matryoshka dims into one stretch a term, ascending, and
// each stretch is padded with zeros to octets of columns; rows are padded with zero rows to octets too (`paddedRows`).
//   by dims        `[octets of dims][paddedRows][8]`, an octet of dims `dimsStride` bytes: rows as they are multiplied
//   by candidates  `[octets of rows][padded dims][8]`, an octet of rows `candidatesStride` bytes: candidates side by side
//   plane          `[octets of candidates][rowsPerThread][8]`, an octet `planeOctetStride` bytes; one for each block and
//                  term, the terms of an octet side by side: dot products, which become softmax weights and then sums of
//                  weights over this and later terms
//   sums           `[octets of dims][paddedRows][8]`, float32 always: the gradient of a candidate column while it grows, so
//                  that the candidates of one octet of dims are consecutive lines and the prefetcher sees them coming
// Every stride has an odd number of 64-byte lines, so that octets do not meet in the same sets of the cache.
//
// With `int16` the operands of all products are 16-bit integers, two to a 32-bit word, and their sums 32-bit integers, which
// no input makes overflow. A row `a` becomes `q = round(s a)` with a scale `s` of its own, and the loss is that of the rows
// `q`: norms and cosines are theirs, and a gradient by `q` times `s` is the gradient by `a`. Columns are then laid out as
//   by dims        `[octets of dims][paddedRows][8]`: a word holds two neighbouring dims of a row
//   by candidates  `[octets of rows][padded dims / 2][8]` words, each two neighbouring dims of a candidate
//   by pairs       `[octets of dims][paddedRows / 2][8]` words, each one dim of two neighbouring rows
// and the weights replace the dot products in their planes, of every octet first
//   by rows        `[rows][8]`, with a scale a row: a word holds two neighbouring candidates
//   by pairs       `[rows / 2][8]` words, with a scale a candidate: a word holds two neighbouring rows
// so that each sum over candidates or over rows has a scale of its own.
import { integerAt, numberAt, pointerAt } from './arguments';

export let rows: i32 = 0;
export let paddedRows: i32 = 0;
export let dimension: i32 = 0;
export let terms: i32 = 0;
export let dimOctets: i32 = 0;
export let blocks: i32 = 0;
export let columns: i32 = 0;
export let partitions: i32 = 0;
export let rowsPerThread: i32 = 0;
export let firstRow: i32 = 0;
export let withGradient: bool = false;
/** An upper bound of all logits, in base 2; where exponentials relative to it would vanish, `rowMaxima` is set instead. */
export let logitBound: f32 = 0;
export let rowMaxima: bool = false;
export let termTable: usize = 0;
export let blockTable: usize = 0;
export let columnTable: usize = 0;
export let octetTable: usize = 0;
export let planes: usize = 0;
export let planesStride: usize = 0;
export let scratch: usize = 0;
export let scratchStride: usize = 0;
export let rowLosses: usize = 0;
export let candidateColumns: i32 = 0;
export let tileStride: usize = 0;
export let runs: i32 = 0;
/** Whether a guide or equal texts remove entries. */
export let hasRemovals: bool = false;
export let textTable: usize = 0;
export let guideTable: usize = 0;
export let guideDimsStride: usize = 0;
export let guideCandidatesStride: usize = 0;
export let guideOctets: i32 = 0;
export let guideMargin: f32 = 0;
export let hasRelativeMargin: bool = false;
export let runTable: usize = 0;
/** Whether products are those of 16-bit integers. */
export let int16: bool = false;

export let sumsStride: usize = 0;
export let weightScalesBytes: usize = 0;
/** By partition and term, `[paddedRows]`: the sums of `2^(logit + reference)`, then what turns one into a weighted softmax. */
export let softmaxFactors: usize = 0;
/** How many blocks have a mirror. */
export let mirrors: i32 = 0;
/** Whether the planes of all rows are held from `contrastiveSums` on. */
export let holdsPlanes: bool = false;
export let dimsStride: usize = 0;
export let candidatesStride: usize = 0;
export let planeOctetStride: usize = 0;
export let planeStride: usize = 0;
export let blockStride: usize = 0;

/** Takes the argument block over into this instance's globals. */
export function readProblem(args: usize): void {
  rows = integerAt(args, 0);
  paddedRows = integerAt(args, 1);
  dimension = integerAt(args, 2);
  terms = integerAt(args, 3);
  dimOctets = integerAt(args, 4);
  blocks = integerAt(args, 5);
  columns = integerAt(args, 6);
  partitions = integerAt(args, 7);
  candidateColumns = integerAt(args, 8);
  rowsPerThread = integerAt(args, 9);
  firstRow = integerAt(args, 10);
  withGradient = integerAt(args, 11) != 0;
  logitBound = <f32>numberAt(args, 12);
  rowMaxima = integerAt(args, 13) != 0;
  termTable = pointerAt(args, 14);
  blockTable = pointerAt(args, 15);
  columnTable = pointerAt(args, 16);
  octetTable = pointerAt(args, 17);
  planes = pointerAt(args, 18);
  planesStride = pointerAt(args, 19);
  scratch = pointerAt(args, 20);
  scratchStride = pointerAt(args, 21);
  rowLosses = pointerAt(args, 22);
  blockStride = pointerAt(args, 23);
  dimsStride = pointerAt(args, 24);
  candidatesStride = pointerAt(args, 25);
  planeOctetStride = pointerAt(args, 26);
  planeStride = pointerAt(args, 27);
  runs = integerAt(args, 28);
  runTable = pointerAt(args, 29);
  tileStride = pointerAt(args, 30);
  textTable = pointerAt(args, 31);
  guideTable = pointerAt(args, 32);
  guideDimsStride = pointerAt(args, 33);
  guideCandidatesStride = pointerAt(args, 34);
  guideOctets = integerAt(args, 35);
  guideMargin = <f32>numberAt(args, 36);
  hasRelativeMargin = integerAt(args, 37) != 0;
  int16 = integerAt(args, 38) != 0;
  sumsStride = pointerAt(args, 39);
  weightScalesBytes = pointerAt(args, 40);
  softmaxFactors = pointerAt(args, 41);
  mirrors = integerAt(args, 42);
  holdsPlanes = integerAt(args, 43) != 0;
  hasRemovals = textTable != 0 || guideTable != 0;
}

// A term: the weight of a softmax entry, that of a label, the term's weight in the loss, its octets of dims, its columns.
// @ts-ignore: decorator
@inline
export function softmaxWeight(term: i32): f64 {
  return numberAt(termTable + (<usize>term << 7), 0);
}
// @ts-ignore: decorator
@inline
export function labelWeight(term: i32): f32 {
  return <f32>numberAt(termTable + (<usize>term << 7), 1);
}
// @ts-ignore: decorator
@inline
export function lossWeight(term: i32): f64 {
  return numberAt(termTable + (<usize>term << 7), 2);
}
// @ts-ignore: decorator
@inline
export function firstOctet(term: i32): i32 {
  return integerAt(termTable + (<usize>term << 7), 3);
}
// @ts-ignore: decorator
@inline
export function endOctet(term: i32): i32 {
  return integerAt(termTable + (<usize>term << 7), 4);
}
// @ts-ignore: decorator
@inline
export function firstColumn(term: i32): i32 {
  return integerAt(termTable + (<usize>term << 7), 5);
}
// @ts-ignore: decorator
@inline
export function endColumn(term: i32): i32 {
  return integerAt(termTable + (<usize>term << 7), 6);
}

// A block: its columns, its partition, what is added to its logits on the diagonal, what multiplies its cosines off and on the
// diagonal (with log2(e): logits are in base 2), what is added to the logits of every candidate, and of its mirror, which is
// not in the table itself, the partition and the number, both -1 where it has none.
// @ts-ignore: decorator
@inline
export function queryColumn(block: i32): i32 {
  return integerAt(blockTable + (<usize>block << 7), 0);
}
// @ts-ignore: decorator
@inline
export function candidateColumn(block: i32): i32 {
  return integerAt(blockTable + (<usize>block << 7), 1);
}
// @ts-ignore: decorator
@inline
export function partitionOf(block: i32): i32 {
  return integerAt(blockTable + (<usize>block << 7), 2);
}
// @ts-ignore: decorator
@inline
export function diagonalBias(block: i32): f32 {
  return <f32>numberAt(blockTable + (<usize>block << 7), 3);
}
// @ts-ignore: decorator
@inline
export function logitScale(block: i32): f32 {
  return <f32>numberAt(blockTable + (<usize>block << 7), 4);
}
// @ts-ignore: decorator
@inline
export function diagonalScale(block: i32): f32 {
  return <f32>numberAt(blockTable + (<usize>block << 7), 5);
}
// @ts-ignore: decorator
@inline
export function candidateBias(block: i32): usize {
  return pointerAt(blockTable + (<usize>block << 7), 6);
}
// @ts-ignore: decorator
@inline
export function mirrorPartition(block: i32): i32 {
  return integerAt(blockTable + (<usize>block << 7), 7);
}
// @ts-ignore: decorator
@inline
export function mirrorNumber(block: i32): i32 {
  return integerAt(blockTable + (<usize>block << 7), 8);
}

// A column: its matrix, its two layouts, the inverse norms `[terms][paddedRows]`, its gradient, its number among the
// candidate columns or -1, whether it asks, the sums of weight * cosine over the rows, `[terms][paddedRows]`, and of weight *
// row, `[octets of dims][paddedRows][8]`, an octet `sumsStride` bytes. With `int16`: its layout by pairs, and the scale of every row.
// @ts-ignore: decorator
@inline
export function embeddings(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 0);
}
// @ts-ignore: decorator
@inline
export function byCandidates(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 1);
}
// @ts-ignore: decorator
@inline
export function byDims(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 2);
}
// @ts-ignore: decorator
@inline
export function inverseNorms(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 3);
}
// @ts-ignore: decorator
@inline
export function gradientOf(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 4);
}
// @ts-ignore: decorator
@inline
export function candidateNumber(column: i32): i32 {
  return integerAt(columnTable + (<usize>column << 7), 5);
}
// @ts-ignore: decorator
@inline
export function asks(column: i32): bool {
  return integerAt(columnTable + (<usize>column << 7), 6) != 0;
}
// @ts-ignore: decorator
@inline
export function candidateSums(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 7);
}
// @ts-ignore: decorator
@inline
export function weightedSums(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 8);
}
// @ts-ignore: decorator
@inline
export function byPairs(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 9);
}
// @ts-ignore: decorator
@inline
export function rowScales(column: i32): usize {
  return pointerAt(columnTable + (<usize>column << 7), 10);
}

// An octet of dims: its first column in the embedding, and how many of its 8 columns are not padding.
// @ts-ignore: decorator
@inline
export function octetColumn(octet: i32): i32 {
  return load<i32>(octetTable + (<usize>octet << 3));
}
// @ts-ignore: decorator
@inline
export function octetWidth(octet: i32): i32 {
  return load<i32>(octetTable + (<usize>octet << 3), 4);
}

// A run: terms or parts of terms that are multiplied together: its first octet of dims, the term whose dot products it goes on
// from, the term that its first segment belongs to, its segments, one a term, and where their octets are listed (int32).
// @ts-ignore: decorator
@inline
export function firstOctetOfRun(run: i32): i32 {
  return integerAt(runTable + (<usize>run << 7), 0);
}
// @ts-ignore: decorator
@inline
export function sourceTermOfRun(run: i32): i32 {
  return integerAt(runTable + (<usize>run << 7), 1);
}
// @ts-ignore: decorator
@inline
export function firstTermOfRun(run: i32): i32 {
  return integerAt(runTable + (<usize>run << 7), 2);
}
// @ts-ignore: decorator
@inline
export function segmentCountOfRun(run: i32): i32 {
  return integerAt(runTable + (<usize>run << 7), 3);
}
// @ts-ignore: decorator
@inline
export function segmentsOfRun(run: i32): usize {
  return pointerAt(runTable + (<usize>run << 7), 4);
}

/** The cosine of every row and its label, by term, `[paddedRows]`. */
// @ts-ignore: decorator
@inline
export function labelCosines(): usize {
  return softmaxFactors + (<usize>(partitions * terms * paddedRows) << 2);
}

/** The plane of `block` and `term` among the planes of `thread`. */
// @ts-ignore: decorator
@inline
export function planeOf(thread: i32, block: i32, term: i32): usize {
  return planes + <usize>thread * planesStride + <usize>block * blockStride + <usize>term * planeStride;
}

// The scratch of a thread: a zero tile; a word for one segment; 8 float32 that nobody reads; per partition, term and row the
// softmax sum and what is added to the logits, in 4 lanes; per query column, term and row the sum of weight * cosine in 4
// lanes; the guide's threshold of every row; per candidate column and term the column sums of this thread's rows; per mirror
// and term its softmax sums over this thread's rows of all stretches; the gradient tiles of one term. Behind them with `int16`: what scales the weights, see contrastive-int16-weights.ts.
// @ts-ignore: decorator
@inline
export function zeroTile(thread: i32): usize {
  return scratch + <usize>thread * scratchStride;
}
// @ts-ignore: decorator
@inline
export function segmentWord(thread: i32): usize {
  return zeroTile(thread) + 128;
}
// @ts-ignore: decorator
@inline
export function unreadOctet(thread: i32): usize {
  return zeroTile(thread) + 144;
}
// @ts-ignore: decorator
@inline
export function softmaxSums(thread: i32): usize {
  return zeroTile(thread) + 192;
}
// @ts-ignore: decorator
@inline
export function softmaxReferences(thread: i32): usize {
  return softmaxSums(thread) + (<usize>(partitions * terms * rowsPerThread) << 4);
}
// @ts-ignore: decorator
@inline
export function rowSums(thread: i32): usize {
  return softmaxReferences(thread) + (<usize>(partitions * terms * rowsPerThread) << 4);
}
// @ts-ignore: decorator
@inline
export function thresholds(thread: i32): usize {
  return rowSums(thread) + (<usize>(columns * terms * rowsPerThread) << 4);
}
// @ts-ignore: decorator
@inline
export function partialSums(thread: i32): usize {
  return thresholds(thread) + (<usize>rowsPerThread << 2);
}
// @ts-ignore: decorator
@inline
export function mirrorSums(thread: i32): usize {
  return partialSums(thread) + (<usize>(candidateColumns * terms * paddedRows) << 2);
}
// @ts-ignore: decorator
@inline
export function gradientTiles(thread: i32): usize {
  return mirrorSums(thread) + (<usize>(mirrors * terms * paddedRows) << 2);
}
// @ts-ignore: decorator
@inline
export function weightScales(thread: i32): usize {
  return scratch + <usize>(thread + 1) * scratchStride - weightScalesBytes;
}
