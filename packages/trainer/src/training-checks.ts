import {
  BATCH_SAMPLER_CONTRACT,
  EmbedbagError,
  EVALUATOR_CONTRACT,
  LOSS_CONTRACT,
  type Loss,
  MULTI_DATASET_BATCH_SAMPLER_CONTRACT,
  TEXT_DATASET_CONTRACT,
  type TextDataset,
} from '@embedbag/core';
import { NAMED_LOGGERS } from './loggers/named-loggers.js';
import type { ResolvedTrainOptions, TrainOptions } from './train-options.js';

/** Whether `loss` is one loss for all datasets, and not a record of losses by dataset. */
function isLoss(loss: TrainOptions['loss']): loss is Loss {
  return typeof (loss as Partial<Loss>).compute === 'function';
}

function checkContract(
  kind: string,
  plugin: { readonly name: string; readonly contract: string },
  wanted: string,
): void {
  if (plugin.contract === wanted) return;
  throw new EmbedbagError({
    code: 'unsupported-contract',
    message: `Expected ${kind} \`${plugin.name}\` to have the contract \`${wanted}\`, received \`${plugin.contract}\`. Use versions of both packages that fit together.`,
    details: { expected: wanted, received: String(plugin.contract) },
  });
}

/** Refuses plugins made for another version of the contracts: `unsupported-contract`. */
export function checkContracts(options: ResolvedTrainOptions, losses: readonly Loss[]): void {
  for (const dataset of [...options.datasets, ...options.evalDatasets]) {
    checkContract('dataset', dataset, TEXT_DATASET_CONTRACT);
  }
  for (const loss of losses) checkContract('loss', loss, LOSS_CONTRACT);
  for (const evaluator of options.evaluators) checkContract('evaluator', evaluator, EVALUATOR_CONTRACT);
  checkContract('batch sampler', options.batchSampler, BATCH_SAMPLER_CONTRACT);
  checkContract('multi-dataset batch sampler', options.multiDatasetBatchSampler, MULTI_DATASET_BATCH_SAMPLER_CONTRACT);
}

/** The loss of each dataset, from one loss for all or a record by name; throws `loss-without-dataset`. */
export function lossesByDataset(datasets: readonly TextDataset[], loss: TrainOptions['loss']): Loss[] {
  if (isLoss(loss)) return datasets.map(() => loss);
  const names = datasets.map((dataset) => dataset.name);
  const missing = names.filter((name) => !Object.hasOwn(loss, name));
  const unused = Object.keys(loss).filter((name) => !names.includes(name));
  if (missing.length > 0 || unused.length > 0) {
    const list = (all: readonly string[]): string =>
      all.length === 0 ? 'none' : all.map((x) => `\`${x}\``).join(', ');
    throw new EmbedbagError({
      code: 'loss-without-dataset',
      message: `Expected \`loss\` to have one entry for each dataset, received none for ${list(missing)} and others for ${list(unused)}. Name the entries as the datasets are named: ${list(names)}.`,
      details: { missing, unused },
    });
  }
  return names.map((name) => loss[name]!);
}

/** The loss of each held-out dataset; of losses by name, one of them has its name. Throws `loss-without-dataset`. */
export function lossesOfHeldOut(datasets: readonly TextDataset[], loss: TrainOptions['loss']): Loss[] {
  return datasets.map(({ name }) => {
    if (isLoss(loss)) return loss;
    if (Object.hasOwn(loss, name)) return loss[name]!;
    throw new EmbedbagError({
      code: 'loss-without-dataset',
      message: `Expected \`loss\` to have an entry for the held-out dataset \`${name}\`, received ${Object.keys(loss)
        .map((each) => `\`${each}\``)
        .join(', ')}. Name it as one of them, or give one loss for all.`,
      details: { missing: [name] },
    });
  });
}

/** A loss by name, and the one inside it that its config names: it is the inner one that takes the columns. */
function title({ name, config }: Loss): string {
  return typeof config.loss === 'string' ? `\`${name}\` over \`${config.loss}\`` : `\`${name}\``;
}

function columnMismatch(dataset: TextDataset, loss: Loss): string | undefined {
  const { min, max, labels } = loss.columns;
  const columns = dataset.columns.length;
  if (columns < min || columns > (max ?? columns)) {
    const range = max === undefined ? `at least ${min}` : min === max ? `${min}` : `${min} to ${max}`;
    return `loss ${title(loss)} takes ${range} text columns, dataset \`${dataset.name}\` has ${columns} (${dataset.columns.join(', ')})`;
  }
  if (labels !== 'none' && dataset.labels === undefined) {
    return `loss ${title(loss)} takes a ${labels} label, dataset \`${dataset.name}\` has no labels`;
  }
  return undefined;
}

/** Refuses datasets whose columns or labels their losses cannot use, all together: `unsuitable-columns`. */
export function checkColumns(datasets: readonly TextDataset[], losses: readonly Loss[]): void {
  const found = datasets.map((dataset, i) => columnMismatch(dataset, losses[i]!)).filter((line) => line !== undefined);
  if (found.length === 0) return;
  throw new EmbedbagError({
    code: 'unsuitable-columns',
    message: `Expected datasets that their losses can work with, received ${found.length} that they cannot: ${found.join('; ')}. Choose other columns when the dataset is read, or another loss for it.`,
    details: { mismatches: found },
  });
}

/** Refuses arguments that ask for what evaluates or reports and is not there: `no-evaluator`, `no-logger`. */
export function checkEvaluators({ evaluators, evalDatasets, callbacks, arguments: args }: ResolvedTrainOptions): void {
  const wanted = args.evalOnStart ? '`evalOnStart`' : `\`evalStrategy: '${args.evalStrategy}'\``;
  const isAsked = args.evalOnStart || args.evalStrategy !== 'no';
  if (isAsked && evaluators.length + evalDatasets.length === 0) {
    throw new EmbedbagError({
      code: 'no-evaluator',
      message: `Expected \`evaluators\` or \`evalDatasets\` for ${wanted}, received none. Pass some, or leave the argument out.`,
    });
  }
  const names = callbacks.map(({ name }) => name);
  const missing = args.reportTo.find((name) => !names.includes(name));
  if (missing === undefined) return;
  throw new EmbedbagError({
    code: 'no-logger',
    message: `Expected \`callbacks\` to hold a logger named \`${missing}\` for \`reportTo\`, received ${names.map((name) => `\`${name}\``).join(', ') || 'none'}. Pass it, or name one of ${NAMED_LOGGERS.map((name) => `\`${name}\``).join(', ')}, which need not be passed.`,
    details: { missing, names },
  });
}
