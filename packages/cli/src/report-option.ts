import { jsonlLogger, type TrainingLogger, tensorboardLogger, wandbLogger } from '@embedbag/trainer';
import { InvalidArgumentError } from 'commander';

/** The loggers that `--report-to` knows. */
const LOGGERS: Readonly<Record<string, () => TrainingLogger>> = {
  jsonl: jsonlLogger,
  tensorboard: tensorboardLogger,
  wandb: wandbLogger,
};

/** Their names. */
export const LOGGER_NAMES: readonly string[] = Object.keys(LOGGERS);

/** A list of distinct loggers such as `tensorboard,wandb`, for commander. */
export function reportOption(text: string): readonly string[] {
  const names = text === 'none' ? [] : text.split(',').map((part) => part.trim());
  if (names.every((name) => Object.hasOwn(LOGGERS, name)) && new Set(names).size === names.length) return names;
  throw new InvalidArgumentError(`Name some of ${LOGGER_NAMES.join(', ')}, each once, or none.`);
}

/** The loggers of these names. */
export function loggersNamed(names: readonly string[]): readonly TrainingLogger[] {
  return names.map((name) => LOGGERS[name]!());
}
