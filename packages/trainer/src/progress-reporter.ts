import type { TrainingEvent } from '@embedbag/core';

/** Where progress is written, such as `process.stderr`. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal in letters. */
  readonly columns?: number;
}

/** What a {@link progressReporter} writes, and where. */
export interface ProgressReporterOptions {
  readonly stream: ProgressStream;
  /** Draw a bar that is rewritten in place. Default: whether `stream` is a terminal. */
  readonly isTTY?: boolean;
  /** Without a terminal, write a line each time this share of the steps is done. Default 0.1. */
  readonly every?: number;
  /** On a terminal, wait this long between two drawings. Default 100. */
  readonly intervalMs?: number;
}

type StepEnd = Extract<TrainingEvent, { readonly type: 'step-end' }>;

const CLEAR_LINE = '\r\x1b[2K';
const BAR_CELLS = 24;
const DEFAULT_WIDTH = 80;

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
const plural = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? '' : 's'}`;

/** `9.3 s`, `2 min 44 s`, `1 h 03 min`. */
function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

function startLine(event: Extract<TrainingEvent, { readonly type: 'training-start' }>): string {
  const rows = event.datasets.reduce((sum, dataset) => sum + dataset.rows, 0);
  return (
    `Training ${plural(event.steps, 'step')} on ${plural(event.datasets.length, 'dataset')} of ${plural(rows, 'row')}, ` +
    `${event.backend}, ${plural(event.threads, 'thread')}`
  );
}

function evaluationLine({
  step,
  result,
  elapsedMs,
}: Extract<TrainingEvent, { readonly type: 'evaluation-end' }>): string {
  const value = result.metrics[result.primaryMetric];
  const score = value === undefined ? 'no value' : value.toFixed(4);
  return `step ${count(step)}  ${result.primaryMetric} ${score}  (${duration(elapsedMs)})`;
}

function endLine({
  outcome,
  step,
  steps,
  pairs,
  elapsedMs,
}: Extract<TrainingEvent, { readonly type: 'training-end' }>): string {
  const done =
    outcome === 'aborted'
      ? `Stopped after ${count(step)} of ${plural(steps, 'step')}`
      : `Trained ${plural(step, 'step')}`;
  return `${done}, ${plural(pairs, 'pair')}, in ${duration(elapsedMs)}`;
}

/** Draws how far the steps are, from their events. */
function createStepLine(): { add(event: StepEnd): void; text(): string; bar(width: number): string } {
  let last: StepEnd | undefined;
  let pairs = 0;
  const text = (): string => {
    if (last === undefined) return '';
    const { step, steps, loss, elapsedMs } = last;
    const share = `${Math.floor((100 * step) / steps)} %`;
    const rate = `${count((pairs * 1000) / Math.max(1, elapsedMs))} pairs/s`;
    const left = step < steps ? `  ${duration((elapsedMs / step) * (steps - step))} left` : '';
    return `${count(step)}/${count(steps)}  ${share}  loss ${loss.toFixed(4)}  ${rate}${left}`;
  };
  return {
    add(event) {
      last = event;
      pairs += event.rows;
    },
    text,
    bar(width) {
      const line = text();
      const cells = Math.min(BAR_CELLS, width - line.length - 4);
      if (last === undefined || cells < 4) return line.slice(0, Math.max(0, width - 1));
      const full = Math.floor((cells * last.step) / last.steps);
      return `[${'#'.repeat(full)}${'-'.repeat(cells - full)}] ${line}`;
    },
  };
}

/**
 * A handler for the events of `train` that shows how far the run is: on a terminal a bar with step, loss, pairs a second
 * and time left, rewritten in place; elsewhere a plain line each tenth of the steps. Notices and scores get lines of
 * their own.
 *
 * @example
 * ```ts
 * await train({ model, datasets, loss, onEvent: progressReporter({ stream: process.stderr }) });
 * ```
 */
export function progressReporter(options: ProgressReporterOptions): (event: TrainingEvent) => void {
  const { stream, isTTY = stream.isTTY === true, every = 0.1, intervalMs = 100 } = options;
  const steps = createStepLine();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isBarShown = false;
  let sharesShown = 0;

  const line = (text: string): void => {
    stream.write(isBarShown ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    isBarShown = false;
  };
  const draw = (event: StepEnd): void => {
    if (event.elapsedMs - drawnAt < intervalMs && event.step < event.steps) return;
    drawnAt = event.elapsedMs;
    stream.write(`${CLEAR_LINE}${steps.bar(stream.columns ?? DEFAULT_WIDTH)}`);
    isBarShown = true;
  };
  const showEvaluation = (name: string): void => {
    if (!isTTY) return;
    stream.write(`${CLEAR_LINE}Evaluating ${name} ...`);
    isBarShown = true;
  };
  const showStep = (event: StepEnd): void => {
    steps.add(event);
    if (isTTY) {
      draw(event);
      return;
    }
    const shares = Math.floor(event.step / event.steps / every + 1e-9);
    if (shares <= sharesShown && event.step < event.steps) return;
    sharesShown = shares;
    line(steps.text());
  };

  return (event) => {
    if (event.type === 'step-end') showStep(event);
    else if (event.type === 'training-start') line(startLine(event));
    else if (event.type === 'notice') line(event.message);
    else if (event.type === 'evaluation-start') showEvaluation(event.name);
    else if (event.type === 'evaluation-end') line(evaluationLine(event));
    else if (event.type === 'checkpoint-saved') line(`step ${count(event.step)}  saved ${event.path}`);
    else if (event.type === 'training-end') line(endLine(event));
  };
}
