/**
 * A trie over UTF-16 code units, its edges in one open-addressing table: finds the longest stored string at a place in
 * a text in time proportional to that string's length.
 */
export class StringTrie {
  /** The value of each node, or -1: `[nodes]`. Node 0 is the root. */
  values: Int32Array;
  /** Each edge's parent plus 1, or 0 for an empty slot. */
  #parents: Int32Array;
  #units: Uint16Array;
  #children: Int32Array;
  #nodeCount = 1;
  /** Where the last {@link longestMatch} ended. */
  matchEnd = 0;

  /** `expectedNodes` saves growing; more can be added. */
  constructor(expectedNodes: number) {
    let capacity = 64;
    while (capacity < expectedNodes * 2) capacity *= 2;
    this.values = new Int32Array(capacity / 2).fill(-1);
    this.#parents = new Int32Array(capacity);
    this.#units = new Uint16Array(capacity);
    this.#children = new Int32Array(capacity);
  }

  /** Adds `text`; a later value replaces an earlier one. `value` is at least 0. */
  add(text: string, value: number): void {
    let node = 0;
    for (let index = 0; index < text.length; index += 1) node = this.#childOrNew(node, text.charCodeAt(index));
    this.values[node] = value;
  }

  /** The node that `text` leads to, or -1. */
  find(text: string): number {
    let node = 0;
    for (let index = 0; index < text.length && node >= 0; index += 1) node = this.child(node, text.charCodeAt(index));
    return node;
  }

  /** The node behind `unit`, or -1. */
  child(node: number, unit: number): number {
    const parents = this.#parents;
    const mask = parents.length - 1;
    let slot = hashEdge(node, unit) & mask;
    for (;;) {
      const parent = parents[slot]!;
      if (parent === 0) return -1;
      if (parent === node + 1 && this.#units[slot] === unit) return this.#children[slot]!;
      slot = (slot + 1) & mask;
    }
  }

  /** The value of the longest non-empty string that begins at `start` when one begins at `node`, or -1; sets {@link matchEnd}. */
  longestMatch(node: number, text: string, start: number): number {
    let best = -1;
    let at = start;
    let current = node;
    while (at < text.length) {
      current = this.child(current, text.charCodeAt(at));
      if (current < 0) break;
      at += 1;
      const value = this.values[current]!;
      if (value >= 0) {
        best = value;
        this.matchEnd = at;
      }
    }
    return best;
  }

  #childOrNew(node: number, unit: number): number {
    const existing = this.child(node, unit);
    if (existing >= 0) return existing;
    // At most half full, so that probes stay short and an empty slot always ends them.
    if (this.#nodeCount * 2 >= this.#parents.length) this.#grow();
    const child = this.#nodeCount;
    this.#nodeCount += 1;
    this.#insert(node, unit, child);
    return child;
  }

  #insert(node: number, unit: number, child: number): void {
    const mask = this.#parents.length - 1;
    let slot = hashEdge(node, unit) & mask;
    while (this.#parents[slot] !== 0) slot = (slot + 1) & mask;
    this.#parents[slot] = node + 1;
    this.#units[slot] = unit;
    this.#children[slot] = child;
  }

  #grow(): void {
    const parents = this.#parents;
    const units = this.#units;
    const children = this.#children;
    const capacity = parents.length * 2;
    this.#parents = new Int32Array(capacity);
    this.#units = new Uint16Array(capacity);
    this.#children = new Int32Array(capacity);
    for (let slot = 0; slot < parents.length; slot += 1) {
      if (parents[slot] !== 0) this.#insert(parents[slot]! - 1, units[slot]!, children[slot]!);
    }
    const values = new Int32Array(capacity / 2).fill(-1);
    values.set(this.values);
    this.values = values;
  }
}

function hashEdge(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
