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
  /**
   * Draw a bar that is rewritten in place. Default: whether `stream` is a terminal, and neither `CI` is set nor `TERM` is `dumb`.
   */
  readonly isTTY?: boolean;
  /** Without a bar, write a line each time this share of the steps is done. Default 0.1. */
  readonly every?: number;
  /** Without a bar, write a line after this long too. Default 300,000: five minutes. */
  readonly everyMs?: number;
  /** On a terminal, wait this long between two drawings. Default 100. */
  readonly intervalMs?: number;
}

type EventOf<Type extends TrainingEvent['type']> = Extract<TrainingEvent, { readonly type: Type }>;
type StepEnd = EventOf<'step-end'>;

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

/** Whether this is a place where a line that is rewritten would be one long mess. */
function isPlain(): boolean {
  const { CI = '', TERM } = process.env;
  return !['', '0', 'false'].includes(CI) || TERM === 'dumb';
}

function startLine(event: EventOf<'training-start'>): string {
  const resumed = event.startStep > 0 ? `, ${count(event.startStep)} of them done,` : '';
  const rows = event.datasets.reduce((sum, dataset) => sum + dataset.rows, 0);
  return (
    `Training ${plural(event.steps, 'step')}${resumed} on ${plural(event.datasets.length, 'dataset')} of ${plural(rows, 'row')}, ` +
    `${event.backend}, ${plural(event.threads, 'thread')}`
  );
}

function evaluationLine({ step, result, elapsedMs }: EventOf<'evaluation-end'>): string {
  const value = result.metrics[result.primaryMetric];
  const score = value === undefined ? 'no value' : value.toFixed(4);
  return `step ${count(step)}  ${result.primaryMetric} ${score}  (${duration(elapsedMs)})`;
}

function endLine({ outcome, reason, step, steps, pairs, elapsedMs }: EventOf<'training-end'>): string {
  const why = reason === undefined ? '' : ` because ${reason}`;
  const done =
    outcome === 'completed'
      ? `Trained ${plural(step, 'step')}`
      : `Stopped after ${count(step)} of ${plural(steps, 'step')}${why}`;
  return `${done}, ${plural(pairs, 'pair')}, in ${duration(elapsedMs)}`;
}

/** What the steps spend most of their time in, such as `62 % in loss`. */
function limitOf({ timeShares }: EventOf<'log'>): string {
  const [phase, share] = Object.entries(timeShares).reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  return `${Math.round(100 * share)} % in ${phase}`;
}

/** How far the steps are, in words. */
interface StepLine {
  start(event: EventOf<'training-start'>): void;
  evaluated(event: EventOf<'evaluation-end'>): void;
  add(event: StepEnd): void;
  log(event: EventOf<'log'>): void;
  text(): string;
  bar(width: number): string;
}

/** Draws how far the steps are, from their events. */
function createStepLine(): StepLine {
  let last: StepEnd | undefined;
  let startStep = 0;
  let beforeMs = 0;
  let pairs = 0;
  let limit = '';
  const text = (): string => {
    if (last === undefined) return '';
    const { step, steps, loss } = last;
    const stepsMs = last.elapsedMs - beforeMs;
    const share = `${Math.floor((100 * step) / steps)} %`;
    const rate = `${count((pairs * 1000) / Math.max(1, stepsMs))} pairs/s`;
    const left = step < steps ? `  ${duration((stepsMs / (step - startStep)) * (steps - step))} left` : '';
    return `${count(step)}/${count(steps)}  ${share}  loss ${loss.toFixed(4)}  ${rate}${left}${limit}`;
  };
  return {
    start(event) {
      startStep = event.startStep;
    },
    // What is evaluated before the first step is done once; later evaluations are part of the pace.
    evaluated({ elapsedMs }) {
      if (last === undefined) beforeMs += elapsedMs;
    },
    add(event) {
      last = event;
      pairs += event.rows;
    },
    log(event) {
      limit = `  ${limitOf(event)}`;
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
 * A handler for the events of `train` that shows how far the run is: step, loss, pairs a second, time left, and what the
 * steps since the last log line spent most of their time in. On a terminal that is a bar, rewritten in place; in CI, in
 * pipes and in files a plain line each tenth of the steps, and every five minutes. Notices and scores get lines of their own.
 *
 * @example
 * ```ts
 * await train({ model, datasets, loss, onEvent: progressReporter({ stream: process.stderr }) });
 * ```
 */
export function progressReporter(options: ProgressReporterOptions): (event: TrainingEvent) => void {
  const { stream, isTTY = stream.isTTY === true && !isPlain(), every = 0.1 } = options;
  const { everyMs = 300_000, intervalMs = 100 } = options;
  const steps = createStepLine();
  let drawnAt = isTTY ? Number.NEGATIVE_INFINITY : 0;
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
    const isDue = shares > sharesShown || event.elapsedMs - drawnAt >= everyMs;
    if (!isDue && event.step < event.steps) return;
    sharesShown = shares;
    drawnAt = event.elapsedMs;
    line(steps.text());
  };

  return (event) => {
    if (event.type === 'step-end') showStep(event);
    else if (event.type === 'log') steps.log(event);
    else if (event.type === 'training-start') {
      steps.start(event);
      line(startLine(event));
    } else if (event.type === 'notice') line(event.message);
    else if (event.type === 'evaluation-start') showEvaluation(event.name);
    else if (event.type === 'evaluation-end') {
      steps.evaluated(event);
      line(evaluationLine(event));
    } else if (event.type === 'checkpoint-saved') line(`step ${count(event.step)}  saved ${event.path}`);
    else if (event.type === 'training-end') line(endLine(event));
    // What failed is told by who catches it; the bar is left where it is.
    else if (event.type === 'training-failed' && isBarShown) stream.write('\n');
  };
}
