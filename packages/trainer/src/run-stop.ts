import { isAbort } from './run-endings.js';

/** What ends a run before its last step: its signal, or someone who says `stop`. */
export class RunStop {
  private readonly signal: AbortSignal | undefined;
  private isInterrupted = false;
  private givenReason: string | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
  }

  stop(reason = 'a handler of events asked for it'): void {
    this.givenReason ??= reason;
  }

  /** Why the run was stopped; undefined when it was not. */
  get reason(): string | undefined {
    return this.givenReason;
  }

  get isAborted(): boolean {
    if (this.signal?.aborted) this.isInterrupted = true;
    return this.isInterrupted;
  }

  get isOver(): boolean {
    return this.isAborted || this.givenReason !== undefined;
  }

  /** The result of `work`, or undefined when the signal stopped it. */
  async unlessAborted<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isAbort(error, this.signal)) throw error;
      this.isInterrupted = true;
      return undefined;
    }
  }
}
