// Fields of one edge, next to each other so that a step takes one cache line.
/** The parent node plus 1, or 0 for an empty slot. */
const PARENT = 0;
const UNIT = 1;
const CHILD = 2;
/** The value of the child, or -1. */
const VALUE = 3;
const STRIDE = 4;

/**
 * A trie over UTF-16 code units, its edges in one open-addressing table: finds the longest stored string at a place among
 * code units in time proportional to that string's length.
 */
export class StringTrie {
  /** The value of each node, or -1: `[nodes]`. Node 0 is the root. */
  values: Int32Array;
  #edges: Int32Array;
  /** The number of slots less 1. */
  #mask: number;
  #nodeCount = 1;
  /** Where the last {@link longestMatch} ended. */
  matchEnd = 0;

  /** `expectedNodes` saves growing; more can be added. */
  constructor(expectedNodes: number) {
    let capacity = 64;
    while (capacity < expectedNodes * 2) capacity *= 2;
    this.values = new Int32Array(capacity / 2).fill(-1);
    this.#edges = new Int32Array(capacity * STRIDE);
    this.#mask = capacity - 1;
  }

  /** Adds `text`; a later value replaces an earlier one. `value` is at least 0. */
  add(text: string, value: number): void {
    let node = 0;
    let edge = -1;
    for (let index = 0; index < text.length; index += 1) {
      edge = this.#edgeOrNew(node, text.charCodeAt(index));
      node = this.#edges[edge + CHILD]!;
    }
    this.values[node] = value;
    if (edge >= 0) this.#edges[edge + VALUE] = value;
  }

  /** The node that `text` leads to, or -1. */
  find(text: string): number {
    let node = 0;
    for (let index = 0; index < text.length && node >= 0; index += 1) node = this.child(node, text.charCodeAt(index));
    return node;
  }

  /** The node behind `unit`, or -1. */
  child(node: number, unit: number): number {
    const edge = this.#edge(node, unit);
    return edge < 0 ? -1 : this.#edges[edge + CHILD]!;
  }

  /**
   * The value of the longest non-empty string that begins at `start` of `units[0 .. end)` when one begins at `node`, or -1;
   * sets {@link matchEnd}.
   */
  longestMatch(node: number, units: Uint16Array, start: number, end: number): number {
    const edges = this.#edges;
    let best = -1;
    let current = node;
    for (let at = start; at < end; at += 1) {
      const edge = this.#edge(current, units[at]!);
      if (edge < 0) break;
      current = edges[edge + CHILD]!;
      const value = edges[edge + VALUE]!;
      if (value >= 0) {
        best = value;
        this.matchEnd = at + 1;
      }
    }
    return best;
  }

  /** Where the edge from `node` by `unit` lies, or -1. */
  #edge(node: number, unit: number): number {
    const edges = this.#edges;
    const mask = this.#mask;
    let slot = hashEdge(node, unit) & mask;
    for (;;) {
      const edge = slot * STRIDE;
      const parent = edges[edge + PARENT]!;
      if (parent === 0) return -1;
      if (parent === node + 1 && edges[edge + UNIT] === unit) return edge;
      slot = (slot + 1) & mask;
    }
  }

  #edgeOrNew(node: number, unit: number): number {
    const existing = this.#edge(node, unit);
    if (existing >= 0) return existing;
    // At most half full, so that probes stay short and an empty slot always ends them.
    if (this.#nodeCount * 2 > this.#mask) this.#grow();
    this.#nodeCount += 1;
    return this.#insert(node, unit, this.#nodeCount - 1, -1);
  }

  #insert(node: number, unit: number, child: number, value: number): number {
    const edges = this.#edges;
    let slot = hashEdge(node, unit) & this.#mask;
    while (edges[slot * STRIDE + PARENT] !== 0) slot = (slot + 1) & this.#mask;
    const edge = slot * STRIDE;
    edges[edge + PARENT] = node + 1;
    edges[edge + UNIT] = unit;
    edges[edge + CHILD] = child;
    edges[edge + VALUE] = value;
    return edge;
  }

  #grow(): void {
    const old = this.#edges;
    this.#mask = this.#mask * 2 + 1;
    this.#edges = new Int32Array((this.#mask + 1) * STRIDE);
    for (let edge = 0; edge < old.length; edge += STRIDE) {
      const parent = old[edge + PARENT]!;
      if (parent !== 0) this.#insert(parent - 1, old[edge + UNIT]!, old[edge + CHILD]!, old[edge + VALUE]!);
    }
    const values = new Int32Array((this.#mask + 1) / 2).fill(-1);
    values.set(this.values);
    this.values = values;
  }
}

function hashEdge(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
