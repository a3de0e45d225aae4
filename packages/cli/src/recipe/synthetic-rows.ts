import {
  createRandom,
  hashTexts,
  TEXT_DATASET_CONTRACT,
  type TextDataset,
  TOKENIZER_CONTRACT,
  type Tokenizer,
} from '@embedbag/core';

/** Tokens of a {@link syntheticDataset}'s texts: about a sentence or two. */
export const SYNTHETIC_TOKENS = 32;

/** A tokenizer for texts that are token ids with a space between them. */
export function syntheticTokenizer(vocabularySize: number): Tokenizer {
  return {
    contract: TOKENIZER_CONTRACT,
    kind: 'synthetic',
    vocabularySize,
    unknownId: undefined,
    tokenize(texts, { maxTokens } = {}) {
      const lists = texts.map((text) => text.split(' ').slice(0, maxTokens).map(Number));
      const offsets = new Int32Array(texts.length + 1);
      for (const [row, ids] of lists.entries()) offsets[row + 1] = offsets[row]! + ids.length;
      return { ids: Int32Array.from(lists.flat()), offsets };
    },
    tokenToId: Number,
    idToToken: String,
    toJson: () => '{}',
  };
}

/** Texts of {@link SYNTHETIC_TOKENS} token ids, of which low ones are frequent, as words are by Zipf's law. */
export function syntheticDataset(options: {
  readonly rowCount: number;
  readonly columns: number;
  readonly vocabularySize: number;
}): TextDataset {
  const { rowCount, columns, vocabularySize } = options;
  const random = createRandom(0, 'synthetic rows');
  const id = (): number =>
    Math.min(vocabularySize - 1, Math.floor(Math.exp(random.uniform() * Math.log(vocabularySize))));
  const text = (): string => Array.from({ length: SYNTHETIC_TOKENS }, id).join(' ');
  const texts = Array.from({ length: columns }, () => Array.from({ length: rowCount }, text));
  const hashes = texts.map(hashTexts);
  return {
    contract: TEXT_DATASET_CONTRACT,
    name: `synthetic, ${columns} columns`,
    rowCount,
    columns: ['anchor', 'positive', ...Array.from({ length: columns - 2 }, (_, index) => `negative_${index + 1}`)],
    texts: (column, rows) => Array.from(rows, (row) => texts[column]![row]!),
    textHashes: (column) => hashes[column]!,
  };
}
