// The fused contrastive kernel, 4 of 9: the loops over one octet of candidates at one term, all rows of a thread.
//
// Logits are in base 2. Each loop is compiled three times: plain, for blocks with a mirror, and for octets with an entry that
// is removed or the diagonal's. All that is the same for every row comes as an argument: what is looked up in the loop is
// looked up again at every step.
import { powerConstant, powerOfTwo } from './exponential';
import { multiplyAdd } from './vector';

// What the loops take. `dots` is `[rows][8]` up to `end`; `norms` and `factors` are `[rows]`; `references` (what is added to a
// row's logits) and the sums of rows are `[rows][4]`. `scale` turns a dot product by the row's norm into a logit. Of octets
// that are not plain also: `bias`, what is added to the logits of each candidate, `biasStep` bytes from row to row; `self`,
// the place of the first row's own candidate counted from the octet's first; the scale, the bias and the label's weight there.

// @ts-ignore: decorator
@inline
function reduce(
  any: bool,
  maxima: bool,
  mirrored: bool,
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  sums: usize,
  mirrorSums: usize,
  scaleLeft: v128,
  scaleRight: v128,
  selfScaleLeft: v128,
  selfScaleRight: v128,
  bias: usize,
  biasStep: usize,
  selfBias: v128,
  self: i32,
): void {
  const lowest = powerConstant(0);
  const rounder = powerConstant(1);
  const c5 = powerConstant(2);
  const c4 = powerConstant(3);
  const c3 = powerConstant(4);
  const c2 = powerConstant(5);
  const c1 = powerConstant(6);
  const one = powerConstant(7);
  let columnLeft = f32x4.splat(0);
  let columnRight = columnLeft;
  while (dots < end) {
    const norm = v128.load32_splat(norms);
    let factorLeft = scaleLeft;
    let factorRight = scaleRight;
    let left = maxima ? f32x4.splat(0) : v128.load(references);
    let right = left;
    if (any) {
      const isLeft = i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(self));
      const isRight = i32x4.eq(i32x4(4, 5, 6, 7), i32x4.splat(self));
      factorLeft = v128.bitselect(selfScaleLeft, scaleLeft, isLeft);
      factorRight = v128.bitselect(selfScaleRight, scaleRight, isRight);
      left = f32x4.add(left, f32x4.add(v128.load(bias), v128.and(selfBias, isLeft)));
      right = f32x4.add(right, f32x4.add(v128.load(bias, 16), v128.and(selfBias, isRight)));
      bias += biasStep;
      self += 1;
    }
    left = multiplyAdd(f32x4.mul(v128.load(dots), norm), factorLeft, left);
    right = multiplyAdd(f32x4.mul(v128.load(dots, 16), norm), factorRight, right);
    if (maxima) {
      v128.store(sums, f32x4.pmax(v128.load(sums), f32x4.pmax(left, right)));
    } else {
      left = powerOfTwo(left, lowest, rounder, c5, c4, c3, c2, c1, one);
      right = powerOfTwo(right, lowest, rounder, c5, c4, c3, c2, c1, one);
      v128.store(sums, f32x4.add(v128.load(sums), f32x4.add(left, right)));
      if (mirrored) {
        columnLeft = f32x4.add(columnLeft, left);
        columnRight = f32x4.add(columnRight, right);
      }
    }
    dots += 32;
    norms += 4;
    references += 16;
    sums += 16;
  }
  if (mirrored) {
    v128.store(mirrorSums, f32x4.add(v128.load(mirrorSums), columnLeft));
    v128.store(mirrorSums, f32x4.add(v128.load(mirrorSums, 16), columnRight), 16);
  }
}

/** Adds the sums of `2^logit` to `sums`. */
export function sumPlain(
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  sums: usize,
  scaleLeft: v128,
  scaleRight: v128,
): void {
  reduce(
    false, false, false, dots, end, norms, references, sums, 0, scaleLeft, scaleRight, f32x4.splat(0), f32x4.splat(0), 0,
    0, f32x4.splat(0), 0,
  );
}

/** As {@link sumPlain}, and adds the sums over the rows to `mirrorSums`, `[8]`. */
export function sumMirrored(
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  sums: usize,
  mirrorSums: usize,
  scaleLeft: v128,
  scaleRight: v128,
): void {
  reduce(
    false, false, true, dots, end, norms, references, sums, mirrorSums, scaleLeft, scaleRight, f32x4.splat(0),
    f32x4.splat(0), 0, 0, f32x4.splat(0), 0,
  );
}

/** As {@link sumMirrored}. */
export function sumAny(
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  sums: usize,
  mirrorSums: usize,
  scaleLeft: v128,
  scaleRight: v128,
  selfScaleLeft: v128,
  selfScaleRight: v128,
  bias: usize,
  biasStep: usize,
  selfBias: v128,
  self: i32,
): void {
  reduce(
    true, false, true, dots, end, norms, references, sums, mirrorSums, scaleLeft, scaleRight, selfScaleLeft,
    selfScaleRight, bias, biasStep, selfBias, self,
  );
}

/** Takes the maxima of the logits, without references, into `maxima`. */
export function maximizeAny(
  dots: usize,
  end: usize,
  norms: usize,
  maxima: usize,
  scaleLeft: v128,
  scaleRight: v128,
  selfScaleLeft: v128,
  selfScaleRight: v128,
  bias: usize,
  biasStep: usize,
  selfBias: v128,
  self: i32,
): void {
  reduce(
    true, true, false, dots, end, norms, 0, maxima, 0, scaleLeft, scaleRight, selfScaleLeft, selfScaleRight, bias,
    biasStep, selfBias, self,
  );
}

// @ts-ignore: decorator
@inline
function weigh(
  any: bool,
  mirrored: bool,
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  factors: usize,
  mirrorFactors: usize,
  rowSums: usize,
  columnSums: usize,
  later: usize,
  laterStep: usize,
  scaleLeft: v128,
  scaleRight: v128,
  inverseLeft: v128,
  inverseRight: v128,
  selfScaleLeft: v128,
  selfScaleRight: v128,
  bias: usize,
  biasStep: usize,
  selfBias: v128,
  self: i32,
  label: v128,
): void {
  const lowest = powerConstant(0);
  const rounder = powerConstant(1);
  const c5 = powerConstant(2);
  const c4 = powerConstant(3);
  const c3 = powerConstant(4);
  const c2 = powerConstant(5);
  const c1 = powerConstant(6);
  const one = powerConstant(7);
  const mirrorLeft = mirrored ? v128.load(mirrorFactors) : f32x4.splat(0);
  const mirrorRight = mirrored ? v128.load(mirrorFactors, 16) : mirrorLeft;
  let columnLeft = v128.load(columnSums);
  let columnRight = v128.load(columnSums, 16);
  while (dots < end) {
    const norm = v128.load32_splat(norms);
    const factor = v128.load32_splat(factors);
    const left = f32x4.mul(v128.load(dots), norm);
    const right = f32x4.mul(v128.load(dots, 16), norm);
    let factorLeft = scaleLeft;
    let factorRight = scaleRight;
    let weightLeft = v128.load(references);
    let weightRight = weightLeft;
    let labelLeft = f32x4.splat(0);
    let labelRight = labelLeft;
    if (any) {
      const isLeft = i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(self));
      const isRight = i32x4.eq(i32x4(4, 5, 6, 7), i32x4.splat(self));
      factorLeft = v128.bitselect(selfScaleLeft, scaleLeft, isLeft);
      factorRight = v128.bitselect(selfScaleRight, scaleRight, isRight);
      weightLeft = f32x4.add(weightLeft, f32x4.add(v128.load(bias), v128.and(selfBias, isLeft)));
      weightRight = f32x4.add(weightRight, f32x4.add(v128.load(bias, 16), v128.and(selfBias, isRight)));
      labelLeft = v128.and(label, isLeft);
      labelRight = v128.and(label, isRight);
      bias += biasStep;
      self += 1;
    }
    weightLeft = powerOfTwo(multiplyAdd(left, factorLeft, weightLeft), lowest, rounder, c5, c4, c3, c2, c1, one);
    weightRight = powerOfTwo(multiplyAdd(right, factorRight, weightRight), lowest, rounder, c5, c4, c3, c2, c1, one);
    weightLeft = f32x4.mul(weightLeft, mirrored ? f32x4.add(factor, mirrorLeft) : factor);
    weightRight = f32x4.mul(weightRight, mirrored ? f32x4.add(factor, mirrorRight) : factor);
    if (any) {
      weightLeft = f32x4.sub(weightLeft, labelLeft);
      weightRight = f32x4.sub(weightRight, labelRight);
    }
    weightLeft = f32x4.mul(weightLeft, inverseLeft);
    weightRight = f32x4.mul(weightRight, inverseRight);
    const shareLeft = f32x4.mul(weightLeft, left);
    const shareRight = f32x4.mul(weightRight, right);
    columnLeft = f32x4.add(columnLeft, shareLeft);
    columnRight = f32x4.add(columnRight, shareRight);
    v128.store(rowSums, f32x4.add(v128.load(rowSums), f32x4.add(shareLeft, shareRight)));
    v128.store(dots, multiplyAdd(weightLeft, norm, v128.load(later)));
    v128.store(dots, multiplyAdd(weightRight, norm, v128.load(later, 16)), 16);
    dots += 32;
    norms += 4;
    references += 16;
    factors += 4;
    rowSums += 16;
    later += laterStep;
  }
  v128.store(columnSums, columnLeft);
  v128.store(columnSums, columnRight, 16);
}

/**
 * Replaces `dots` by the gradient's weights `W = P / (norm of the row * norm of the candidate)`, each plus that at `later`,
 * where 0 or 32 bytes lie from row to row; adds `P * cosine` to `rowSums` and to the candidates' `columnSums`, `[8]`.
 */
export function weighPlain(
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  factors: usize,
  rowSums: usize,
  columnSums: usize,
  later: usize,
  laterStep: usize,
  scaleLeft: v128,
  scaleRight: v128,
  inverseLeft: v128,
  inverseRight: v128,
): void {
  weigh(
    false, false, dots, end, norms, references, factors, 0, rowSums, columnSums, later, laterStep, scaleLeft, scaleRight,
    inverseLeft, inverseRight, f32x4.splat(0), f32x4.splat(0), 0, 0, f32x4.splat(0), 0, f32x4.splat(0),
  );
}

/** As {@link weighPlain}, where the candidates' `mirrorFactors`, `[8]`, come to the factor of each row. */
export function weighMirrored(
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  factors: usize,
  mirrorFactors: usize,
  rowSums: usize,
  columnSums: usize,
  later: usize,
  laterStep: usize,
  scaleLeft: v128,
  scaleRight: v128,
  inverseLeft: v128,
  inverseRight: v128,
): void {
  weigh(
    false, true, dots, end, norms, references, factors, mirrorFactors, rowSums, columnSums, later, laterStep, scaleLeft,
    scaleRight, inverseLeft, inverseRight, f32x4.splat(0), f32x4.splat(0), 0, 0, f32x4.splat(0), 0, f32x4.splat(0),
  );
}

/** As {@link weighMirrored}. */
export function weighAny(
  dots: usize,
  end: usize,
  norms: usize,
  references: usize,
  factors: usize,
  mirrorFactors: usize,
  rowSums: usize,
  columnSums: usize,
  later: usize,
  laterStep: usize,
  scaleLeft: v128,
  scaleRight: v128,
  inverseLeft: v128,
  inverseRight: v128,
  selfScaleLeft: v128,
  selfScaleRight: v128,
  bias: usize,
  biasStep: usize,
  selfBias: v128,
  self: i32,
  label: v128,
): void {
  weigh(
    true, true, dots, end, norms, references, factors, mirrorFactors, rowSums, columnSums, later, laterStep, scaleLeft,
    scaleRight, inverseLeft, inverseRight, selfScaleLeft, selfScaleRight, bias, biasStep, selfBias, self, label,
  );
}
