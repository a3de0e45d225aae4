import { EmbedbagError } from '@embedbag/core';
import { BertText } from './bert-text.js';
import { renumberParts } from './renumber-parts.js';
import {
  type JsonRecord,
  readAddedTokens,
  readBertNormalizer,
  readWordPiece,
  TokenizerJson,
} from './tokenizer-json.js';
import { tokenizerJsonText, vocabularyJson } from './vocabulary-json.js';
import { WordPiece } from './word-piece.js';

/** What {@link changeVocabulary} changes. */
export interface VocabularyChange {
  /** Whole words that become tokens of their own, in this order, with the next free ids. */
  readonly add?: readonly string[];
  /** Tokens that it matches at their beginning, as Python's `re.match`, go; those that stay are numbered anew without gaps. */
  readonly drop?: RegExp;
  /**
   * Drops what a static model never meets or must not obey: special tokens but the unknown one and the padding, the
   * post-processor that adds them, and the truncation, which is a transformer's. Default false.
   */
  readonly forStaticModel?: boolean;
}

/** A vocabulary that {@link changeVocabulary} made. */
export interface ChangedVocabulary {
  /** The text of the new tokenizer.json. */
  readonly json: string;
  /** All tokens with their ids, by rising id. */
  readonly tokens: readonly (readonly [token: string, id: number])[];
  /** The words that were added, as they stand in the vocabulary. */
  readonly added: readonly string[];
  /** The tokens that went. */
  readonly dropped: readonly string[];
  /** Words of `add` that are no token of their own: known ones, those of several words, empty or too long ones. */
  readonly skipped: readonly string[];
}

/**
 * Adds whole words to the vocabulary of a WordPiece tokenizer and drops tokens from it, as model2vec does before it distils.
 *
 * Words are normalized as the tokenizer normalizes texts. Hugging Face's tokenizers gives the same ids for the new file.
 *
 * @throws EmbedbagError `tokenizer-not-growable` for a tokenizer that is not BERT's WordPiece, `token-needed` where `drop` matches
 * the unknown token or one that the post-processor adds, and what `tokenizerFromJson` throws.
 *
 * @example
 * ```ts
 * const { json, added } = changeVocabulary(tokenizer.toJson(), { add: ['embedbag'], drop: /\[unused\d+\]/ });
 * const grown = tokenizerFromJson(json);
 * ```
 */
export function changeVocabulary(json: string, change: VocabularyChange): ChangedVocabulary {
  const file = new TokenizerJson(json, 'the tokenizer.json');
  checkGrowable(file);
  const settings = readWordPiece(file);
  const addedTokens = readAddedTokens(file, new WordPiece(settings, true));
  const before = new Map<string, number>(settings.tokens.map((token) => [token, settings.vocabulary[token]!]));
  // An added token that is not in the vocabulary has the first id behind it, which a new word would take.
  for (const { content, id } of addedTokens) before.set(content, id);
  const pattern = change.drop && new RegExp(`^(?:${change.drop.source})`, change.drop.flags.replace(/[gy]/g, ''));
  const special = change.forStaticModel ? specialTokens(file.root, settings.unknownToken) : undefined;
  const byId = [...before].sort((a, b) => a[1] - b[1]);
  const dropped = byId.map(([token]) => token).filter((token) => pattern?.test(token) || special?.has(token));
  const gone = new Set(dropped);
  if (gone.has(settings.unknownToken)) throw tokenNeeded(settings.unknownToken, 'the unknown token');
  const kept = byId.filter(([token]) => !gone.has(token));
  const after = new Map(gone.size === 0 ? kept : kept.map(([token], id) => [token, id] as const));
  const { added, skipped } = addWords(file, change.add ?? [], after, pattern, settings.maxInputCharsPerWord);
  const start = special === undefined ? file.root : { ...file.root, post_processor: null, truncation: null };
  const root = renumberParts(start, after, (token) => {
    throw tokenNeeded(token, 'a token that the post-processor adds');
  });
  return { json: tokenizerJsonText(root, vocabularyJson(after)), tokens: [...after], added, dropped, skipped };
}

/** Those of the file that are special, less the unknown token and the padding. */
function specialTokens(root: JsonRecord, unknownToken: string): ReadonlySet<string> {
  const entries = (root.added_tokens ?? []) as readonly { readonly content: string; readonly special?: boolean }[];
  const padding = (root.padding as { readonly pad_token?: string } | null | undefined)?.pad_token;
  const kept = [unknownToken, padding, '[PAD]'];
  return new Set(
    entries.filter(({ content, special }) => special && !kept.includes(content)).map(({ content }) => content),
  );
}

/** Throws `tokenizer-not-growable` where the file is not of BERT's kind. */
export function checkGrowable(file: TokenizerJson): void {
  const parts = [file.modelType(), file.typeOf('normalizer'), file.typeOf('pre_tokenizer')];
  const [model, normalizer, preTokenizer] = parts;
  const isBert = model === 'WordPiece' && (normalizer ?? 'BertNormalizer') === 'BertNormalizer';
  if (isBert && preTokenizer === 'BertPreTokenizer') return;
  const received = parts.map((part) => `\`${part ?? 'none'}\``).join(', ');
  throw new EmbedbagError({
    code: 'tokenizer-not-growable',
    message: `Expected the tokenizer to be a \`WordPiece\` with a \`BertNormalizer\` and a \`BertPreTokenizer\`, received ${received}. Words can be added to BERT's vocabularies only; leave them out, or take such a tokenizer.`,
    details: { model: model ?? null, normalizer: normalizer ?? null, preTokenizer: preTokenizer ?? null },
  });
}

/** The words of `text` as the tokenizer of `file` splits it; see {@link checkGrowable}. */
export function wordSplitter(file: TokenizerJson): (text: string, onWord: (word: string) => void) => void {
  const rules = new BertText(readBertNormalizer(file));
  return (text, onWord) => {
    rules.splitWords(rules.normalize(text), (word) => {
      onWord(word);
      return true;
    });
  };
}

/** Gives the words that can be tokens the next ids in `tokens`. */
function addWords(
  file: TokenizerJson,
  words: readonly string[],
  tokens: Map<string, number>,
  pattern: RegExp | undefined,
  maxInputCharsPerWord: number,
): Pick<ChangedVocabulary, 'added' | 'skipped'> {
  const split = wordSplitter(file);
  const added: string[] = [];
  const skipped: string[] = [];
  let nextId = 0;
  for (const id of tokens.values()) nextId = Math.max(nextId, id + 1);
  for (const word of words) {
    const parts: string[] = [];
    split(word, (part) => parts.push(part));
    const [token] = parts;
    const isToken = token !== undefined && parts.length === 1 && [...token].length <= maxInputCharsPerWord;
    if (!isToken || tokens.has(token) || pattern?.test(token)) {
      skipped.push(word);
      continue;
    }
    tokens.set(token, nextId++);
    added.push(token);
  }
  return { added, skipped };
}

function tokenNeeded(token: string, role: string): EmbedbagError {
  return new EmbedbagError({
    code: 'token-needed',
    message: `Expected \`drop\` to leave \`${token}\`, ${role}, received a pattern that matches it. Give a narrower pattern.`,
    details: { token },
  });
}
