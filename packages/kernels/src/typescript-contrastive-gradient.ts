import type { ContrastiveLayout, Segment } from './typescript-contrastive-layout.js';
import { type FloatArray, multiplyPanels, packColumns, packRows, padToTile } from './typescript-product.js';

/** Memory of the backward products of one row block. */
interface Panels {
  /** `W`, rows as lanes. */
  readonly weightRows: Float64Array;
  /** `W`, candidates as lanes. */
  readonly weightColumns: Float64Array;
  /** One segment of a chunk of candidates, `[rows][columns as lanes]`. */
  readonly values: Float64Array;
  readonly product: Float64Array;
}

/**
 * Adds the part of the gradients that rows `[start, end)` cause, all but its radial part:
 * `(sum_{d >= b_t} W(d)) C[:, block t]` to the queries and `(sum_{d >= b_t} W(d))^T A[:, block t]` to the candidates.
 */
export function addGradients(
  layout: ContrastiveLayout,
  start: number,
  end: number,
  gradients: readonly FloatArray[],
): void {
  sumFromTheLastDim(layout, end - start);
  const width = padToTile(Math.max(...layout.segments.map((segment) => segment.end - segment.start)));
  const longest = Math.max(layout.rowsAtOnce, layout.candidatesAtOnce);
  const panels: Panels = {
    weightRows: new Float64Array(layout.rowsAtOnce * layout.candidatesAtOnce),
    weightColumns: new Float64Array(layout.rowsAtOnce * layout.candidatesAtOnce),
    values: new Float64Array(longest * width),
    product: new Float64Array(longest * width),
  };
  for (let b = 0; b < layout.problem.blocks.length; b++) {
    for (const segment of layout.segments) {
      addToQueries(layout, b, segment, start, end, gradients, panels);
      addToCandidates(layout, b, segment, start, end, gradients, panels);
    }
  }
}

/** `W(d)` becomes `sum of W(d') over d' >= d`. */
function sumFromTheLastDim(layout: ContrastiveLayout, rows: number): void {
  const { similarities } = layout;
  const length = rows * layout.stride;
  for (let b = 0; b < layout.problem.blocks.length; b++) {
    for (let t = layout.terms.length - 2; t >= 0; t--) {
      const target = layout.similarityOffset(b, t);
      const source = layout.similarityOffset(b, t + 1);
      for (let i = 0; i < length; i++) similarities[target + i]! += similarities[source + i]!;
    }
  }
}

function addToQueries(
  layout: ContrastiveLayout,
  b: number,
  segment: Segment,
  start: number,
  end: number,
  gradients: readonly FloatArray[],
  panels: Panels,
): void {
  const { problem, similarities, stride } = layout;
  const { queries, candidates } = problem.blocks[b]!;
  const range = { columnStart: segment.start, columnEnd: segment.end };
  const weights = similarities.subarray(layout.similarityOffset(b, segment.term));
  const productStride = padToTile(segment.end - segment.start);
  for (let chunk = 0; chunk < problem.rows; chunk += layout.candidatesAtOnce) {
    const chunkEnd = Math.min(problem.rows, chunk + layout.candidatesAtOnce);
    const rectangle = { rowStart: 0, rowEnd: end - start, columnStart: chunk, columnEnd: chunkEnd };
    packRows(weights, stride, rectangle, panels.weightRows, 0);
    const values = { rowStart: chunk, rowEnd: chunkEnd, ...range };
    packColumns(problem.columns[candidates]!, problem.dimension, values, panels.values, 0);
    multiplyPanels({
      left: panels.weightRows,
      leftOffset: 0,
      rows: end - start,
      right: panels.values,
      rightOffset: 0,
      columns: segment.end - segment.start,
      depth: chunkEnd - chunk,
      out: panels.product,
      outOffset: 0,
      stride: productStride,
      addendOffset: chunk === 0 ? -1 : 0,
    });
  }
  addProduct(panels.product, productStride, gradients[queries]!, problem.dimension, start, end, segment);
}

function addToCandidates(
  layout: ContrastiveLayout,
  b: number,
  segment: Segment,
  start: number,
  end: number,
  gradients: readonly FloatArray[],
  panels: Panels,
): void {
  const { problem, similarities, stride } = layout;
  const { queries, candidates } = problem.blocks[b]!;
  const weights = similarities.subarray(layout.similarityOffset(b, segment.term));
  const productStride = padToTile(segment.end - segment.start);
  const values = { rowStart: start, rowEnd: end, columnStart: segment.start, columnEnd: segment.end };
  packColumns(problem.columns[queries]!, problem.dimension, values, panels.values, 0);
  for (let chunk = 0; chunk < problem.rows; chunk += layout.candidatesAtOnce) {
    const chunkEnd = Math.min(problem.rows, chunk + layout.candidatesAtOnce);
    const rectangle = { rowStart: 0, rowEnd: end - start, columnStart: chunk, columnEnd: chunkEnd };
    packColumns(weights, stride, rectangle, panels.weightColumns, 0);
    multiplyPanels({
      left: panels.weightColumns,
      leftOffset: 0,
      rows: chunkEnd - chunk,
      right: panels.values,
      rightOffset: 0,
      columns: segment.end - segment.start,
      depth: end - start,
      out: panels.product,
      outOffset: 0,
      stride: productStride,
      addendOffset: -1,
    });
    addProduct(panels.product, productStride, gradients[candidates]!, problem.dimension, chunk, chunkEnd, segment);
  }
}

/** Adds the rows of `product` to rows `[start, end)` of a gradient, at the dimensions of `segment`. */
function addProduct(
  product: Float64Array,
  stride: number,
  gradient: FloatArray,
  dimension: number,
  start: number,
  end: number,
  segment: Segment,
): void {
  for (let row = start; row < end; row++) {
    const source = (row - start) * stride - segment.start;
    const target = row * dimension;
    for (let d = segment.start; d < segment.end; d++) gradient[target + d]! += product[source + d]!;
  }
}

/** Subtracts the radial part, `(sum_{d >= b_t} r(d) / n(d)^2) X[:, block t]`, from every column's gradient. */
export function finishGradients(layout: ContrastiveLayout, gradients: readonly FloatArray[]): void {
  const { problem, segments } = layout;
  for (let column = 0; column < problem.columns.length; column++) {
    const data = problem.columns[column]!;
    const gradient = gradients[column]!;
    for (let row = 0; row < problem.rows; row++) {
      let factor = 0;
      let added = layout.terms.length;
      for (let s = segments.length - 1; s >= 0; s--) {
        const { term, start, end } = segments[s]!;
        while (added > term) {
          added -= 1;
          const inverse = layout.inverseNorms[column]![added]![row]!;
          factor += layout.radial[column]![added]![row]! * inverse * inverse;
        }
        for (let d = row * problem.dimension + start; d < row * problem.dimension + end; d++) {
          gradient[d]! -= factor * data[d]!;
        }
      }
    }
  }
}
