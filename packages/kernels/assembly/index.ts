export function ping(args: usize, thread: i32, threads: i32): void {
  store<i32>(args + (<usize>thread << 2), thread + threads);
}
