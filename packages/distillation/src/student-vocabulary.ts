import { isEmbedbagError, type Tokenizer } from '@embedbag/core';
import { changeVocabulary } from '@embedbag/tokenization';

/** The tokens a static model gets rows for. */
export interface StudentVocabulary {
  /** The text of the changed tokenizer.json; undefined where the tokenizer stays as it is. */
  readonly json?: string;
  /** The tokens that have a row, by rising id. */
  readonly tokens: readonly string[];
  /** Their ids in the new tokenizer. */
  readonly ids: Int32Array;
  readonly dropped: number;
  readonly added: number;
  readonly skipped: number;
}

/**
 * The vocabulary of `tokenizer` without special tokens and those of `drop`, and with `words`. A tokenizer whose vocabulary
 * cannot be changed keeps its ids, and what would go has no row.
 *
 * @throws EmbedbagError `tokenizer-not-growable` where there are `words`, `token-needed`.
 */
export function studentVocabulary(
  tokenizer: Tokenizer,
  drop: RegExp | null,
  words: readonly string[],
): StudentVocabulary {
  try {
    const change = { add: words, forStaticModel: true, ...(drop === null ? {} : { drop }) };
    const { json, dropped, added, skipped, tokens } = changeVocabulary(tokenizer.toJson(), change);
    return {
      json,
      tokens: tokens.map(([token]) => token),
      ids: Int32Array.from(tokens, ([, id]) => id),
      dropped: dropped.length,
      added: added.length,
      skipped: skipped.length,
    };
  } catch (error) {
    const isOtherKind = isEmbedbagError(error) && error.code === 'tokenizer-not-growable';
    if (!isOtherKind || words.length > 0) throw error;
    return unchanged(tokenizer, drop);
  }
}

function unchanged(tokenizer: Tokenizer, drop: RegExp | null): StudentVocabulary {
  const pattern = drop && new RegExp(`^(?:${drop.source})`, drop.flags.replace(/[gy]/g, ''));
  const special = specialTokens(tokenizer);
  const tokens: string[] = [];
  const ids: number[] = [];
  let dropped = 0;
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    const token = tokenizer.idToToken(id);
    if (token === undefined) continue;
    if (pattern?.test(token) || (special.has(token) && id !== tokenizer.unknownId)) {
      dropped += 1;
      continue;
    }
    tokens.push(token);
    ids.push(id);
  }
  return { tokens, ids: Int32Array.from(ids), dropped, added: 0, skipped: 0 };
}

function specialTokens(tokenizer: Tokenizer): ReadonlySet<string> {
  const { added_tokens: added } = JSON.parse(tokenizer.toJson()) as {
    readonly added_tokens?: readonly { readonly content: string; readonly special?: boolean }[] | null;
  };
  return new Set((added ?? []).filter(({ special }) => special).map(({ content }) => content));
}
