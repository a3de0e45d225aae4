/** How many letters must be inserted, removed or replaced to make `a` into `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** Case and separators do not count: `learning_rate` is `learningRate`. */
function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/**
 * The one of `candidates` that someone who wrote `name` most likely meant, or undefined when none is near.
 * Near is: at most a third of its letters differ, or one name holds the other.
 */
export function closestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = bare(name);
  if (wanted.length < 3) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const known = bare(candidate);
    const distance = known.endsWith(wanted) ? 0.5 : editDistance(wanted, known);
    if (distance < bestDistance && distance <= Math.max(wanted.length, known.length) / 3) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
