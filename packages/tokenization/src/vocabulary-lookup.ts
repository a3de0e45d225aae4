/** Ids by token; own properties alone count. */
export type Vocabulary = Readonly<Record<string, number>>;

/** The id of `token`, or undefined. */
export function idOfToken(vocabulary: Vocabulary, token: string): number | undefined {
  return Object.hasOwn(vocabulary, token) ? vocabulary[token] : undefined;
}

/**
 * Finds pieces in a vocabulary as the JSON parser left it. A step takes some ten times as long as one of a `StringTrie`, which
 * however has to be built: for the first texts of a process that would take most of the time.
 */
export class VocabularyLookup {
  /** Stands in for the node of a trie behind the prefix of continuing pieces. */
  readonly continuation = 1;
  readonly #vocabulary: Vocabulary;
  readonly #prefix: string;
  /** How many strings were looked up. */
  steps = 0;
  /** Where the last {@link longestMatch} ended. */
  matchEnd = 0;

  constructor(vocabulary: Vocabulary, continuingSubwordPrefix: string) {
    this.#vocabulary = vocabulary;
    this.#prefix = continuingSubwordPrefix;
  }

  /** As `StringTrie.longestMatch`, from node 0 or {@link continuation}. */
  longestMatch(node: number, units: Uint16Array, start: number, end: number): number {
    const prefix = node === 0 ? '' : this.#prefix;
    const rest = String.fromCharCode(...units.subarray(start, end));
    for (let length = rest.length; length > 0; length -= 1) {
      this.steps += 1;
      const id = idOfToken(this.#vocabulary, prefix + rest.slice(0, length));
      if (id === undefined) continue;
      this.matchEnd = start + length;
      return id;
    }
    return -1;
  }
}
