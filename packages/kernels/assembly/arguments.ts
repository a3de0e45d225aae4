// Every kernel is called as `kernel(args, thread, threads)`: `args` points at a block of float64 slots that the host has
// filled, whole numbers and pointers included (a float64 holds any of them exactly). So one call convention serves the
// calling thread and the workers, which find the block in the shared memory.
//
// No kernel allocates or keeps a managed object: static data and AssemblyScript's own heap exist once per instance,
// but all instances share one memory.

/** Slot `index` as a pointer or a length in bytes. */
// @ts-ignore: decorator
@inline
export function pointerAt(args: usize, index: i32): usize {
  return <usize>load<f64>(args + (<usize>index << 3));
}

/** Slot `index` as a whole number. */
// @ts-ignore: decorator
@inline
export function integerAt(args: usize, index: i32): i32 {
  return <i32>load<f64>(args + (<usize>index << 3));
}

/** Slot `index` as it is. */
// @ts-ignore: decorator
@inline
export function numberAt(args: usize, index: i32): f64 {
  return load<f64>(args + (<usize>index << 3));
}

/** The first of `count` items that belong to part `part` of `parts`: even, in order, and complete at `part = parts`. */
// @ts-ignore: decorator
@inline
export function partStart(count: i32, part: i32, parts: i32): i32 {
  return <i32>((<i64>count * <i64>part) / <i64>parts);
}
