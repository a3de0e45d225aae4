/** The figures of one dim item by item, under keys without the evaluator's name. */
export interface ItemFigures {
  /** See `EvaluatedItems.values`. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** See `EvaluatedItems.measure`. */
  measure(key: string, items: ArrayLike<number>): number;
}

/** The mean of `values` over `items`, each as often as it is listed. */
function meanOver(values: Float64Array, items: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < items.length; i++) sum += values[items[i]!]!;
  return sum / items.length;
}

/** The mean of all `values`. */
function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Every mean of `values` by its key. */
export function meansOf(values: Readonly<Record<string, Float64Array>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, each]) => [key, meanOf(each)]));
}

/** Figures that are all means; `others` are made of further ones, such as the largest of several means. */
export function meanItemFigures(
  values: Readonly<Record<string, Float64Array>>,
  others: (key: string, measure: (key: string) => number) => number = () => Number.NaN,
): ItemFigures {
  const measure = (key: string, items: ArrayLike<number>): number => {
    const each = values[key];
    return each === undefined ? others(key, (inner) => measure(inner, items)) : meanOver(each, items);
  };
  return { values, measure };
}
