import type { TrainingEvent } from '@embedbag/core';

/** Numbers of one step, by the names that transformers gives them in TensorBoard and Weights & Biases. */
export interface TrainingScalars {
  readonly step: number;
  /** Only finite ones. */
  readonly values: Readonly<Record<string, number>>;
}

type EventOf<Type extends TrainingEvent['type']> = Extract<TrainingEvent, { readonly type: Type }>;

function logScalars(event: EventOf<'log'>): Record<string, number> {
  const shares = Object.entries(event.timeShares).map(
    ([phase, share]) => [`train/time_share/${phase}`, share] as const,
  );
  return {
    'train/loss': event.loss,
    'train/grad_norm': event.gradientNorm,
    'train/learning_rate': event.learningRate,
    'train/epoch': event.epoch,
    'train/pairs_per_second': event.pairsPerSecond,
    'train/tokens_per_second': event.tokensPerSecond,
    ...Object.fromEntries(shares),
    ...(event.memoryBytes === undefined ? {} : { 'train/memory_bytes': event.memoryBytes }),
  };
}

function evaluationScalars({ result }: EventOf<'evaluation-end'>): Record<string, number> {
  return Object.fromEntries(Object.entries(result.metrics).map(([key, value]) => [`eval/${key}`, value]));
}

function endScalars({ pairs, elapsedMs }: EventOf<'training-end'>): Record<string, number> {
  const seconds = elapsedMs / 1000;
  return {
    'train/train_runtime': seconds,
    'train/train_samples_per_second': seconds > 0 ? pairs / seconds : 0,
  };
}

function valuesOf(event: TrainingEvent): Record<string, number> | undefined {
  if (event.type === 'log') return logScalars(event);
  if (event.type === 'evaluation-end') return evaluationScalars(event);
  if (event.type === 'training-end') return endScalars(event);
  return undefined;
}

/** The numbers that an event brings; undefined where it brings none. */
export function scalarsOf(event: TrainingEvent): TrainingScalars | undefined {
  const values = valuesOf(event);
  if (values === undefined || !('step' in event)) return undefined;
  const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  return finite.length === 0 ? undefined : { step: event.step, values: Object.fromEntries(finite) };
}
