// Fields of one edge, next to each other so that a step takes one cache line.
/** The parent node plus 1, or 0 for an empty slot. */
const PARENT = 0;
/** The hash of the string that leads to the child. */
const HASH = 1;
/** The child node; its complement where the child has no children. */
const CHILD = 2;
/** The value of the child, or -1. */
const VALUE = 3;
const STRIDE = 4;

/**
 * A trie over UTF-16 code units, its edges in one open-addressing table: finds the longest stored string at a place among
 * code units in time proportional to that string's length.
 *
 * An edge lies where the hash of the whole string up to it says, which needs the code units alone. A processor so knows where
 * the next edges lie before it has this one, and waits for memory once for a string instead of once for a code unit.
 */
export class StringTrie {
  /** The value of each node, or -1: `[nodes]`. Node 0 is the root. */
  values: Int32Array;
  /** The hash of the string that leads to each node: `[nodes]`. */
  #hashes: Int32Array;
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
    this.#hashes = new Int32Array(capacity / 2);
    this.#edges = new Int32Array(capacity * STRIDE);
    this.#mask = capacity - 1;
  }

  /** Adds `text`; a later value replaces an earlier one. `value` is at least 0. */
  add(text: string, value: number): void {
    let node = 0;
    let edge = -1;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      const existing = this.#edge(node, unit);
      edge = existing >= 0 ? existing : this.#addEdge(node, unit, edge);
      node = childOf(this.#edges[edge + CHILD]!);
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
    return edge < 0 ? -1 : childOf(this.#edges[edge + CHILD]!);
  }

  /**
   * The value of the longest non-empty string that begins at `start` of `units[0 .. end)` when one begins at `node`, or -1;
   * sets {@link matchEnd}.
   */
  longestMatch(node: number, units: Uint16Array, start: number, end: number): number {
    const edges = this.#edges;
    const mask = this.#mask;
    let best = -1;
    let bestEnd = start;
    let current = node;
    let hash = this.#hashes[node]!;
    for (let at = start; at < end && current >= 0; at += 1) {
      hash = hashUnit(hash, units[at]!);
      const edge = findEdge(edges, mask, current, hash);
      if (edge < 0) break;
      current = edges[edge + CHILD]!;
      const value = edges[edge + VALUE]!;
      // Whether a string ends here is hard to foretell, so that a branch would wait for the edge: all bits are set where none does.
      const isNone = value >> 31;
      best = (best & isNone) | (value & ~isNone);
      bestEnd = (bestEnd & isNone) | ((at + 1) & ~isNone);
    }
    this.matchEnd = bestEnd;
    return best;
  }

  /** Where the edge from `node` by `unit` lies, or -1. */
  #edge(node: number, unit: number): number {
    return findEdge(this.#edges, this.#mask, node, hashUnit(this.#hashes[node]!, unit));
  }

  /** Adds the edge from `node`, to which `edgeToNode` leads, by `unit`; gives where it lies. */
  #addEdge(node: number, unit: number, edgeToNode: number): number {
    if (edgeToNode >= 0) this.#edges[edgeToNode + CHILD] = node;
    // At most half full, so that probes stay short and an empty slot always ends them.
    if (this.#nodeCount * 2 > this.#mask) this.#grow();
    const child = this.#nodeCount;
    this.#nodeCount += 1;
    const hash = hashUnit(this.#hashes[node]!, unit);
    this.#hashes[child] = hash;
    return this.#insert(node + 1, hash, ~child, -1);
  }

  #insert(parent: number, hash: number, child: number, value: number): number {
    const edges = this.#edges;
    let slot = slotOf(hash, this.#mask);
    while (edges[slot * STRIDE + PARENT] !== 0) slot = (slot + 1) & this.#mask;
    const edge = slot * STRIDE;
    edges[edge + PARENT] = parent;
    edges[edge + HASH] = hash;
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
      if (parent !== 0) this.#insert(parent, old[edge + HASH]!, old[edge + CHILD]!, old[edge + VALUE]!);
    }
    const values = new Int32Array((this.#mask + 1) / 2).fill(-1);
    values.set(this.values);
    this.values = values;
    const hashes = new Int32Array(values.length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }
}

/** Where the edge from `node` lies that ends a string of the hash `hash`, or -1. */
function findEdge(edges: Int32Array, mask: number, node: number, hash: number): number {
  let slot = slotOf(hash, mask);
  for (;;) {
    const edge = slot * STRIDE;
    const parent = edges[edge + PARENT]!;
    if (parent === 0) return -1;
    // Behind one parent, two code units never have one hash: see hashUnit.
    if (parent === node + 1 && edges[edge + HASH] === hash) return edge;
    slot = (slot + 1) & mask;
  }
}

function childOf(field: number): number {
  return field < 0 ? ~field : field;
}

/** The hash of a string and one more code unit: of one string, another hash for every code unit, as the factor is odd. */
function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x9e3779b1);
}

function slotOf(hash: number, mask: number): number {
  return (hash ^ (hash >>> 15)) & mask;
}
