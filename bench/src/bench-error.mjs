/** A failure with a sentence for the person at the terminal; its stack is of no use to them. */
export class BenchError extends Error {
  /** @override */
  name = 'BenchError';
}
