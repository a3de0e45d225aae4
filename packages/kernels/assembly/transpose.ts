/** Turns `[4 rows][4 words]`, rows `stride` bytes apart, into `[4 words][4 rows]`, words 32 bytes apart. */
// @ts-ignore: decorator
@inline
export function transposeWords(source: usize, stride: usize, target: usize): void {
  const a = v128.load(source);
  const b = v128.load(source + stride);
  const c = v128.load(source + 2 * stride);
  const d = v128.load(source + 3 * stride);
  const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f64>(ab01, cd01, 0, 2));
  v128.store(target, v128.shuffle<f64>(ab01, cd01, 1, 3), 32);
  v128.store(target, v128.shuffle<f64>(ab23, cd23, 0, 2), 64);
  v128.store(target, v128.shuffle<f64>(ab23, cd23, 1, 3), 96);
}
