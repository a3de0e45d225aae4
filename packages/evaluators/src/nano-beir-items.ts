import type { EvaluatedItems } from '@embedbag/core';

/** What {@link nanoBeirItems} puts together. */
export interface ItemsOfDatasets {
  /** Stands before the keys of the figures over all datasets. */
  readonly name: string;
  readonly datasets: readonly { readonly name: string; readonly items: EvaluatedItems | undefined }[];
  readonly aggregate: (figures: readonly number[]) => number;
  /** Whether `aggregate` is the mean. */
  readonly isMean: boolean;
}

/** Values of all datasets, one after the other, under the keys of the mean over them. */
function jointValues(
  name: string,
  datasets: readonly { readonly name: string; readonly items: EvaluatedItems }[],
): Record<string, Float64Array> {
  const values: Record<string, Float64Array> = {};
  for (const key of Object.keys(datasets[0]!.items.values)) {
    const metric = key.slice(datasets[0]!.name.length);
    const parts = datasets.map((dataset) => dataset.items.values[`${dataset.name}${metric}`]!);
    values[`${name}${metric}`] = Float64Array.from(parts.flatMap((part) => [...part]));
  }
  return values;
}

/** The queries of all datasets as items, a group a dataset; undefined where the datasets have none. */
export function nanoBeirItems({ name, datasets, aggregate, isMean }: ItemsOfDatasets): EvaluatedItems | undefined {
  const held = datasets.flatMap((dataset) =>
    dataset.items === undefined ? [] : [{ name: dataset.name, items: dataset.items }],
  );
  if (held.length < datasets.length || held.length === 0) return undefined;
  const groups = held.map(({ items }) => items.ids.length);
  const starts = groups.map((_, group) => groups.slice(0, group).reduce((sum, size) => sum + size, 0));
  const within = (items: ArrayLike<number>, group: number): number[] =>
    Array.from(items, (item) => item - starts[group]!).filter((item) => item >= 0 && item < groups[group]!);
  return {
    ids: held.flatMap((dataset) => dataset.items.ids.map((id) => `${dataset.name}/${id}`)),
    groups,
    values: isMean ? jointValues(name, held) : {},
    measure(key, items) {
      if (key.startsWith(`${name}_`)) {
        const metric = key.slice(name.length);
        return aggregate(
          held.map((dataset, group) => dataset.items.measure(`${dataset.name}${metric}`, within(items, group))),
        );
      }
      const group = held.findIndex((dataset) => key.startsWith(`${dataset.name}_`));
      return group === -1 ? Number.NaN : held[group]!.items.measure(key, within(items, group));
    },
  };
}
