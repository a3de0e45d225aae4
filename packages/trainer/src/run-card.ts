import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '@embedbag/core';
import type { CurveSeries } from './curve-axis.js';
import { type DatasetSample, sampleDatasets } from './dataset-samples.js';
import { EnergyMeter } from './energy-meter.js';
import { HELD_OUT_LOSS } from './held-out-loss.js';
import { CURVE_FILE, modelCard } from './model-card.js';
import { type RunEnvironment, readEnvironment } from './run-environment.js';
import type { RunProgress } from './run-progress.js';
import type { EvaluationRecord } from './train-options.js';
import type { TrainableModel } from './trainable-model.js';
import { trainingCurve } from './training-curve.js';
import type { TrainingPlan } from './training-plan.js';

/** A card, and the picture that it shows. */
export interface CardFiles {
  readonly readme: string;
  /** SVG; undefined where there is nothing to draw yet. */
  readonly curve: string | undefined;
}

/** How far a run is when its card is written. */
export interface CardMoment {
  readonly progress: Pick<RunProgress, 'step' | 'pairs'>;
  /** All so far, for the curve. */
  readonly evaluations: readonly EvaluationRecord[];
  /** Those of the table that is saved, for the tables; default: all. */
  readonly shown?: readonly EvaluationRecord[];
  /** The lines of the log. */
  readonly history: readonly JsonObject[];
  readonly elapsedMs: number;
  readonly stepsMs: number;
}

function lossPoints(history: readonly JsonObject[]): CurveSeries['points'] {
  return history.flatMap(({ step, loss }) =>
    typeof step === 'number' && typeof loss === 'number' ? [[step, loss] as const] : [],
  );
}

/** The main figure of every evaluator by step. */
function scoreSeries(evaluations: readonly EvaluationRecord[]): CurveSeries[] {
  const series = new Map<string, (readonly [number, number])[]>();
  for (const { step, result } of evaluations) {
    const value = result.metrics[result.primaryMetric];
    if (value === undefined) continue;
    const points = series.get(result.primaryMetric) ?? [];
    // A table that is evaluated again at its step counts instead of the one before.
    series.set(result.primaryMetric, [...points.filter(([other]) => other !== step), [step, value]]);
  }
  return [...series].map(([name, points]) => ({ name, points }));
}

/** What the card of a run needs from before its first step, and measures while it goes on. */
export class RunCard {
  readonly #plan: TrainingPlan;
  readonly #samples: readonly DatasetSample[];
  readonly #environment: RunEnvironment = readEnvironment();
  readonly #meter = new EnergyMeter();
  /** Where this process began: at a checkpoint, or at 0. */
  #start: Pick<RunProgress, 'step' | 'pairs'> = { step: 0, pairs: 0 };

  private constructor(plan: TrainingPlan, samples: readonly DatasetSample[]) {
    this.#plan = plan;
    this.#samples = samples;
  }

  /** Reads the first rows of the datasets. */
  static async open(plan: TrainingPlan): Promise<RunCard> {
    return new RunCard(plan, await sampleDatasets(plan.datasets, plan.model));
  }

  /** To be called where the run goes on from a checkpoint: what is measured is measured from there. */
  startAt({ step, pairs }: Pick<RunProgress, 'step' | 'pairs'>): void {
    this.#start = { step, pairs };
  }

  /** To be called at every log line: the counters of energy begin anew after an hour or so. */
  measure(): void {
    this.#meter.sample();
  }

  /** The card and its picture. */
  files(moment: CardMoment): CardFiles {
    const { progress, evaluations, shown = evaluations, history, elapsedMs, stepsMs } = moment;
    this.measure();
    // The loss on held-out data is drawn with the training loss, not among scores.
    const held = scoreSeries(evaluations.filter(({ name }) => name === HELD_OUT_LOSS)).map(({ points }) => points);
    const curve = trainingCurve({
      steps: this.#plan.steps,
      losses: [
        { name: 'training loss', points: lossPoints(history) },
        ...held.map((points) => ({ name: 'loss on held-out data', points })),
      ],
      scores: scoreSeries(evaluations.filter(({ name }) => name !== HELD_OUT_LOSS)),
    });
    const { joules } = this.#meter;
    const readme = modelCard({
      plan: this.#plan,
      progress,
      evaluations: shown,
      samples: this.#samples,
      environment: this.#environment,
      measurement: {
        elapsedMs,
        stepsMs,
        startStep: this.#start.step,
        pairs: progress.pairs - this.#start.pairs,
        ...(joules === undefined ? {} : { joules }),
      },
      hasCurve: curve !== undefined,
    });
    return { readme, curve };
  }
}

/** Saves `model`, or `table` in its place, into `folder` with its card and the picture. */
export async function saveWithCard(
  folder: string,
  model: Pick<TrainableModel, 'save'>,
  { card, table }: { readonly card: CardFiles; readonly table?: Float32Array },
): Promise<void> {
  await model.save(folder, { readme: card.readme, ...(table === undefined ? {} : { table }) });
  if (card.curve !== undefined) await writeFile(path.join(folder, CURVE_FILE), card.curve, { flush: true });
}
