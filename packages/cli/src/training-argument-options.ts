import { ARGUMENT_RULES, type ArgumentRule, type TrainingArgumentsInput } from '@embedbag/trainer';
import { type Command, Option } from 'commander';

type Name = keyof TrainingArgumentsInput;

/** Short names of some arguments, which may be used in place of the long ones. */
const SHORT_NAMES: Partial<Readonly<Record<Name, string>>> = {
  numTrainEpochs: 'epochs',
  perDeviceTrainBatchSize: 'batch-size',
  outputDir: 'output',
};

const NAMES = Object.keys(ARGUMENT_RULES) as Name[];

/** `learning-rate` for `learningRate`. */
function longName(name: Name): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The flag of an argument, as it is written: `--learning-rate`. */
export function argumentFlag(name: string): string {
  return `--${SHORT_NAMES[name as Name] ?? longName(name as Name)}`;
}

const PLACEHOLDERS: Readonly<Record<ArgumentRule['kind'], string>> = {
  flag: '[true|false]',
  list: '<names>',
  number: '<number>',
  text: '<text>',
};

function explanation({ description, default: value, otherwise }: ArgumentRule): string {
  const shown = otherwise ?? (Array.isArray(value) ? value.join(', ') : String(value));
  return `${description} (default: ${shown})`;
}

/** Text that is no value of the argument's kind stays as it is, so that all mistakes can be told together. */
function valueFromText(kind: ArgumentRule['kind'], text: string): string | number | boolean | readonly string[] {
  const number = Number(text);
  if (kind === 'number') return text.trim() === '' || Number.isNaN(number) ? text : number;
  if (kind === 'flag') return text === 'true' ? true : text === 'false' ? false : text;
  return kind === 'list' ? text.split(',').map((part) => part.trim()) : text;
}

/** Adds a flag for every training argument, with its default in the help and none in the parsed options. */
export function addTrainingArgumentOptions(command: Command): Command {
  for (const name of NAMES) {
    const rule = ARGUMENT_RULES[name];
    const short = SHORT_NAMES[name];
    const flags = `${short === undefined ? '' : `--${short}, `}--${longName(name)} ${PLACEHOLDERS[rule.kind]}`;
    const option = new Option(flags, explanation(rule)).argParser((text) => valueFromText(rule.kind, text));
    command.addOption(rule.kind === 'flag' ? option.preset('true') : option);
  }
  return command;
}

/** The training arguments among parsed options, those that were given. */
export function argumentsFromFlags(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const given = NAMES.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}
