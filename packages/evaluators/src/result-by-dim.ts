import type {
  EmbeddingModel,
  EvaluatedItems,
  EvaluateOptions,
  EvaluationCsv,
  EvaluationResult,
  Evaluator,
} from '@embedbag/core';
import type { ItemFigures } from './item-figures.js';

/** Figures at one dim or several. */
export interface ResultByDim extends EvaluationResult {
  /** By dim: figures under keys without the name, such as `cosine_ndcg@10`. */
  readonly byDim: Readonly<Record<number, Readonly<Record<string, number>>>>;
}

/** An evaluator that measures at one dim or several. */
export interface EvaluatorByDim extends Evaluator {
  evaluate(model: EmbeddingModel, options?: EvaluateOptions): Promise<ResultByDim>;
}

/** What was measured at one dim. */
export interface DimMeasurement {
  readonly dimension: number;
  /** Under keys without the name. */
  readonly figures: Readonly<Record<string, number>>;
  readonly items: ItemFigures;
}

/** How measurements become a result. */
export interface ResultForm {
  readonly name: string;
  /** The key, without name, of the primary metric among figures. */
  readonly primaryKey: (figures: Readonly<Record<string, number>>) => string;
  /** The row of a CSV file; `name` may end in a dim. */
  readonly csv: (name: string, figures: Readonly<Record<string, number>>) => EvaluationCsv;
  /** The names of the items, where they are asked for. */
  readonly itemIds: readonly string[] | undefined;
}

/** The parts that are there, with `_` between them. */
export function joinName(...parts: readonly (string | number)[]): string {
  return parts.filter((part) => part !== '').join('_');
}

/** Items under the full keys of a result: by key, whose figures they are and under which key there. */
function itemsOf(ids: readonly string[], origins: ReadonlyMap<string, readonly [ItemFigures, string]>): EvaluatedItems {
  const values: Record<string, Float64Array> = {};
  for (const [key, [figures, ownKey]] of origins) {
    const each = figures.values[ownKey];
    if (each !== undefined) values[key] = each;
  }
  return {
    ids,
    groups: [ids.length],
    values,
    measure(key, items) {
      const origin = origins.get(key);
      return origin === undefined ? Number.NaN : origin[0].measure(origin[1], items);
    },
  };
}

/**
 * The figures of the widest dim under `<name>_<key>`; of several dims, each one's also under `<name>_<dim>_<key>`.
 * `measurements` holds at least one.
 */
export function resultByDim(form: ResultForm, measurements: readonly DimMeasurement[]): ResultByDim {
  const { name, itemIds } = form;
  const widest = measurements.reduce((best, each) => (each.dimension > best.dimension ? each : best));
  const named: (readonly [string, DimMeasurement])[] = [[name, widest]];
  if (measurements.length > 1) for (const each of measurements) named.push([joinName(name, each.dimension), each]);

  const metrics: Record<string, number> = {};
  const origins = new Map<string, readonly [ItemFigures, string]>();
  for (const [prefix, { figures, items }] of named) {
    for (const [key, value] of Object.entries(figures)) {
      metrics[joinName(prefix, key)] = value;
      origins.set(joinName(prefix, key), [items, key]);
    }
  }
  return {
    metrics,
    primaryMetric: joinName(name, form.primaryKey(widest.figures)),
    byDim: Object.fromEntries(measurements.map(({ dimension, figures }) => [dimension, figures])),
    csv: named.map(([prefix, { figures }]) => form.csv(prefix, figures)),
    ...(itemIds !== undefined && { items: itemsOf(itemIds, origins) }),
  };
}
