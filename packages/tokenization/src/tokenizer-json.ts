import { EmbedbagError, type TokenTruncation } from '@embedbag/core';
import type { AddedToken } from './added-tokens.js';
import { type BertNormalizerSettings, NO_NORMALIZER } from './bert-text.js';
import { toWellFormed } from './code-points.js';
import type { Vocabulary } from './vocabulary-lookup.js';
import type { WordPiece, WordPieceSettings } from './word-piece.js';

/** A parsed object of a tokenizer.json. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The highest id that an `Int32Array` holds. */
const MAX_ID = 0x7fffffff;

/** Reads fields of a tokenizer.json; what it throws names the file and the field. */
export class TokenizerJson {
  /** What the errors call the file, such as its path. */
  readonly source: string;
  readonly root: JsonRecord;
  readonly #json: string;

  constructor(json: string, source: string) {
    this.source = source;
    this.#json = json;
    if (typeof json !== 'string') {
      throw new EmbedbagError({
        code: 'invalid-tokenizer-json',
        message: `Expected ${source} to be the text of a tokenizer.json, received ${describe(json)}. Give the text as a string.`,
      });
    }
    let root: unknown;
    try {
      // A byte order mark is not part of the text.
      root = JSON.parse(json.startsWith('\ufeff') ? json.slice(1) : json);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EmbedbagError({
        code: 'invalid-tokenizer-json',
        message: `Expected ${source} to hold JSON, received text that does not parse: ${reason}. Check that the file is complete.`,
        cause,
      });
    }
    if (!isRecord(root)) throw this.error('the top level', 'an object', root);
    this.root = root;
    if (root.version !== undefined && root.version !== '1.0') throw this.error('`version`', '"1.0"', root.version);
    this.record('model', root.model);
  }

  /** Whether a text of the file may hold a surrogate, as it is or as an escape. */
  get mayHoldSurrogates(): boolean {
    return /\\u[dD][89a-fA-F]|[\ud800-\udfff]/.test(this.#json);
  }

  get model(): JsonRecord {
    return this.record('model', this.root.model);
  }

  error(field: string, expected: string, received: unknown): EmbedbagError {
    return new EmbedbagError({
      code: 'invalid-tokenizer-json',
      message: `Expected ${field} of ${this.source} to be ${expected}, received ${describe(received)}. Check that the file is a Hugging Face tokenizer.json.`,
      details: { field: field.replaceAll('`', '') },
    });
  }

  record(field: string, value: unknown): JsonRecord {
    if (isRecord(value)) return value;
    throw this.error(`\`${field}\``, 'an object', value);
  }

  string(field: string, value: unknown): string {
    if (typeof value === 'string') return value;
    throw this.error(`\`${field}\``, 'a string', value);
  }

  boolean(field: string, value: unknown): boolean {
    if (typeof value === 'boolean') return value;
    throw this.error(`\`${field}\``, 'true or false', value);
  }

  wholeNumber(field: string, value: unknown, limit: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit) return value;
    throw this.error(`\`${field}\``, `a whole number from 0 to ${limit}`, value);
  }

  wellFormed(field: string, value: string): string {
    if (toWellFormed(value) === value) return value;
    throw this.error(`\`${field}\``, 'text without lone surrogates', value);
  }

  /** The `type` of a part such as `normalizer`; undefined where the part is null or absent. */
  typeOf(field: string): string | undefined {
    const part = this.root[field];
    if (part === undefined || part === null) return undefined;
    return this.string(`${field}.type`, this.record(field, part).type);
  }

  /** How the file wants texts to be cut. */
  truncation(): TokenTruncation | undefined {
    const part = this.root.truncation;
    if (!isRecord(part) || typeof part.max_length !== 'number') return undefined;
    return { maxTokens: part.max_length, keepsEnd: part.direction === 'Left' };
  }

  /** The kind of the model, also of an old file that does not name it. */
  modelType(): string {
    const { model } = this;
    if (model.type !== undefined) return this.string('model.type', model.type);
    if (model.merges !== undefined) return 'BPE';
    if (model.max_input_chars_per_word !== undefined) return 'WordPiece';
    return Array.isArray(model.vocab) ? 'Unigram' : 'WordLevel';
  }
}

/** Reads `model` as a WordPiece model; all its fields are required, as in Hugging Face's tokenizers. */
export function readWordPiece(file: TokenizerJson): WordPieceSettings {
  const { model } = file;
  const vocabulary = file.record('model.vocab', model.vocab);
  const tokens = Object.keys(vocabulary);
  const mayBeIllFormed = file.mayHoldSurrogates;
  let highestId = -1;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    const id = vocabulary[token];
    if (!isId(id)) throw file.error(`\`model.vocab["${token}"]\``, `a whole number from 0 to ${MAX_ID}`, id);
    if (id > highestId) highestId = id;
    if (mayBeIllFormed) file.wellFormed('model.vocab', token);
  }
  return {
    vocabulary: vocabulary as Vocabulary,
    tokens,
    highestId,
    unknownToken: file.string('model.unk_token', model.unk_token),
    continuingSubwordPrefix: file.string('model.continuing_subword_prefix', model.continuing_subword_prefix),
    maxInputCharsPerWord: file.wholeNumber(
      'model.max_input_chars_per_word',
      model.max_input_chars_per_word,
      Number.MAX_SAFE_INTEGER,
    ),
  };
}

/** Reads `normalizer`, which is a BertNormalizer or null. */
export function readBertNormalizer(file: TokenizerJson): BertNormalizerSettings {
  if (file.typeOf('normalizer') === undefined) return NO_NORMALIZER;
  const part = file.record('normalizer', file.root.normalizer);
  const lowercase = file.boolean('normalizer.lowercase', part.lowercase);
  const stripAccents = part.strip_accents ?? null;
  return {
    cleanText: file.boolean('normalizer.clean_text', part.clean_text),
    handleChineseChars: file.boolean('normalizer.handle_chinese_chars', part.handle_chinese_chars),
    stripAccents: stripAccents === null ? lowercase : file.boolean('normalizer.strip_accents', stripAccents),
    lowercase,
  };
}

/**
 * Reads `added_tokens`. Their ids are those that Hugging Face's tokenizers gives: that of the vocabulary, or the next
 * one free; what the file says does not count (as `AddedVocabulary::add_tokens`).
 */
export function readAddedTokens(file: TokenizerJson, model: WordPiece): AddedToken[] {
  const entries = file.root.added_tokens ?? [];
  if (!Array.isArray(entries)) throw file.error('`added_tokens`', 'an array', entries);
  const idByContent = new Map<string, number>();
  const tokenById = new Map<number, AddedToken>();
  let nextId = model.settings.tokens.length;
  entries.forEach((entry: unknown, index) => {
    const field = `added_tokens[${index}]`;
    const part = file.record(field, entry);
    file.wholeNumber(`${field}.id`, part.id, MAX_ID);
    const content = file.wellFormed(`${field}.content`, file.string(`${field}.content`, part.content));
    const rules = {
      singleWord: file.boolean(`${field}.single_word`, part.single_word),
      lstrip: file.boolean(`${field}.lstrip`, part.lstrip),
      rstrip: file.boolean(`${field}.rstrip`, part.rstrip),
      normalized: file.boolean(`${field}.normalized`, part.normalized),
    };
    file.boolean(`${field}.special`, part.special);
    if (content === '') return;
    const id = idByContent.get(content) ?? model.tokenToId(content) ?? nextId++;
    idByContent.set(content, id);
    tokenById.set(id, { id, content, ...rules });
  });
  return [...tokenById.values()];
}

function isId(value: unknown): value is number {
  // Only whole numbers of at most 32 bits stay as they are.
  return ((value as number) | 0) === value && value >= 0;
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
