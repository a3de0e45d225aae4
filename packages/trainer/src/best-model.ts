import { EmbedbagError, type JsonObject } from '@embedbag/core';
import type { EvaluationRecord } from './train-options.js';
import type { TrainingArguments } from './training-arguments.js';

/** The best evaluation so far. */
export interface BestEvaluation {
  readonly step: number;
  readonly metric: string;
  readonly value: number;
}

/** Keeps account of which step was best by one figure, and for how many evaluations none was better. */
export class BestModel {
  private readonly args: TrainingArguments;
  private found: BestEvaluation | undefined;
  private staleEvaluations = 0;

  constructor(args: TrainingArguments) {
    this.args = args;
  }

  get best(): BestEvaluation | undefined {
    return this.found;
  }

  /** Why early stopping ends the run now; undefined when it goes on. */
  get stopReason(): string | undefined {
    const { earlyStoppingPatience: patience } = this.args;
    if (patience === undefined || this.staleEvaluations < patience || this.found === undefined) return undefined;
    const { metric, value, step } = this.found;
    return `${metric} was no better than ${value} at step ${step} in ${this.staleEvaluations} evaluations`;
  }

  /**
   * Takes the results of all evaluators at one step.
   * Throws `metric-missing` when `metricForBestModel` is among none of them and is needed.
   */
  observe(step: number, records: readonly EvaluationRecord[]): void {
    const metric = this.metricOf(records);
    if (metric === undefined) return;
    const value = records.map(({ result }) => result.metrics[metric]).find((figure) => figure !== undefined)!;
    if (Number.isNaN(value)) {
      this.staleEvaluations += 1;
      return;
    }
    const isHigherBetter = this.args.greaterIsBetter ?? !metric.endsWith('loss');
    const before = this.found?.value;
    const gain = before === undefined ? Number.POSITIVE_INFINITY : isHigherBetter ? value - before : before - value;
    if (gain > 0) this.found = { step, metric, value };
    this.staleEvaluations = gain > this.args.earlyStoppingThreshold ? 0 : this.staleEvaluations + 1;
  }

  state(): JsonObject {
    return { best: this.found === undefined ? null : { ...this.found }, stale_evaluations: this.staleEvaluations };
  }

  restore(state: JsonObject): void {
    this.found = (state.best as BestEvaluation | null) ?? undefined;
    this.staleEvaluations = state.stale_evaluations as number;
  }

  private metricOf(records: readonly EvaluationRecord[]): string | undefined {
    const { metricForBestModel: wanted, loadBestModelAtEnd, earlyStoppingPatience } = this.args;
    const keys = records.flatMap(({ result }) => Object.keys(result.metrics));
    if (wanted === undefined) return records[0]?.result.primaryMetric;
    const found = [wanted, wanted.replace(/^eval_/, '')].find((key) => keys.includes(key));
    if (found !== undefined || (!loadBestModelAtEnd && earlyStoppingPatience === undefined)) return found;
    throw new EmbedbagError({
      code: 'metric-missing',
      message: `Expected \`metricForBestModel\` to be one of ${keys.map((key) => `\`${key}\``).join(', ')}, received \`${wanted}\`. Name one of them.`,
      details: { wanted, keys },
    });
  }
}
