/** Sums up how long the parts of a piece of work take. */
export function openPartTimes() {
  /** @type {Record<string, number>} */
  let seconds = {};
  return {
    /**
     * @template T
     * @param {string} name
     * @param {() => T} work
     */
    time(name, work) {
      const startedAt = performance.now();
      const result = work();
      seconds[name] = (seconds[name] ?? 0) + (performance.now() - startedAt) / 1000;
      return result;
    },
    /** The sums since the last call, named `part:<name>`. */
    take() {
      const taken = Object.fromEntries(Object.entries(seconds).map(([name, value]) => [`part:${name}`, value]));
      seconds = {};
      return taken;
    },
  };
}
