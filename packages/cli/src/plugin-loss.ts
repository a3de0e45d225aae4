import { EmbedbagError, isEmbedbagError, LOSS_CONTRACT, type Loss } from '@embedbag/core';

const LABELS: readonly unknown[] = ['none', 'score', 'class', 'vector'];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isPlainJson(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlainJson);
  if (isObject(value)) {
    const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value));
    return isPlain && Object.values(value).every(isPlainJson);
  }
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function columnFaults(columns: unknown): string[] {
  if (!isObject(columns)) return ["`columns` must be an object, such as `{ min: 2, labels: 'none' }`"];
  const { min, max, labels } = columns;
  const faults: string[] = [];
  if (!isCount(min)) faults.push('`columns.min` must be a whole number of at least 1');
  if (max !== undefined && !(isCount(max) && max >= Number(min))) {
    faults.push('`columns.max` must be a whole number of at least `columns.min`, or left out');
  }
  if (!LABELS.includes(labels)) faults.push('`columns.labels` must be `none`, `score`, `class` or `vector`');
  return faults;
}

/** What `value` lacks of the contract {@link Loss}, one phrase each; empty where it is a loss. */
export function lossFaults(value: unknown): readonly string[] {
  if (!isObject(value)) return [`it must be an object, and is ${value === null ? 'null' : typeof value}`];
  const faults: string[] = [];
  if (value.contract !== LOSS_CONTRACT) faults.push(`\`contract\` must be \`${LOSS_CONTRACT}\``);
  if (typeof value.name !== 'string' || value.name === '') faults.push('`name` must be a string');
  if (!isObject(value.config) || Array.isArray(value.config) || !isPlainJson(value.config)) {
    faults.push('`config` must be an object of plain JSON');
  }
  faults.push(...columnFaults(value.columns));
  if (typeof value.compute !== 'function') faults.push('`compute` must be a function');
  for (const method of ['prepare', 'contrastive', 'workingMatrices']) {
    const found = value[method];
    if (found !== undefined && typeof found !== 'function') {
      faults.push(`\`${method}\` must be a function, or left out`);
    }
  }
  return faults;
}

/** `TypeError: x is undefined at my-loss.js:12:5`: what a plugin threw, on one line. */
export function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [message = ''] = error.message.split('\n');
  const frame = /^\s+at (?:.*\()?(?!node:)(?:file:\/\/)?(\/?[^()\s]+:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1];
  const place = frame === undefined ? '' : ` at ${frame.slice(frame.lastIndexOf('/') + 1)}`;
  return `${error.name}: ${message}${place}`;
}

/**
 * The loss of a plugin, whose mistakes while training are told as the plugin's, in one sentence: `plugin-failed`.
 * An {@link EmbedbagError} and an abort pass through.
 */
export function pluginLoss(loss: Loss, source: string): Loss {
  const failed = (method: string, error: unknown): unknown => {
    const isForeign = !isEmbedbagError(error) && !(error instanceof Error && error.name === 'AbortError');
    if (!isForeign) return error;
    return new EmbedbagError({
      code: 'plugin-failed',
      message: `Expected \`${method}\` of loss \`${loss.name}\` from ${source} to work on every batch, received ${describeThrown(error)}. Run it through \`testLoss\` of @embedbag/testing.`,
      details: { loss: loss.name, source },
      cause: error,
    });
  };
  // All members of the contract, so that one that is new to it is missing here at compile time.
  const members: Record<keyof Loss, unknown> = {
    contract: loss.contract,
    name: loss.name,
    config: loss.config,
    columns: loss.columns,
    citation: loss.citation,
    workingMatrices: loss.workingMatrices?.bind(loss),
    contrastive: loss.contrastive?.bind(loss),
    prepare:
      loss.prepare &&
      (async (...batch: Parameters<NonNullable<Loss['prepare']>>): Promise<unknown> => {
        try {
          return await loss.prepare?.(...batch);
        } catch (error) {
          throw failed('prepare', error);
        }
      }),
    compute(...batch: Parameters<Loss['compute']>): number {
      try {
        return loss.compute(...batch);
      } catch (error) {
        throw failed('compute', error);
      }
    },
  };
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as unknown as Loss;
}
