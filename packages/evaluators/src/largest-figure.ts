/**
 * With several similarity functions, the largest figure of each metric among them; with one, nothing.
 * `keyOf` gives a figure's key.
 */
export function largestFigures<Similarity extends string>(
  figures: Readonly<Record<string, number>>,
  similarities: readonly Similarity[],
  metrics: readonly string[],
  keyOf: (similarity: Similarity | 'max', metric: string) => string,
): Record<string, number> {
  if (similarities.length < 2) return {};
  return Object.fromEntries(
    metrics.map((metric) => [
      keyOf('max', metric),
      Math.max(...similarities.map((similarity) => figures[keyOf(similarity, metric)]!)),
    ]),
  );
}
