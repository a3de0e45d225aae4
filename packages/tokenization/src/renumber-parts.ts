import type { JsonRecord } from './tokenizer-json.js';

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The parts of a tokenizer.json with the ids of `ids`: added tokens, those that are gone left out, the padding, and the
 * post-processor. Calls `onMissing` for a token of the post-processor that is gone.
 */
export function renumberParts(
  root: JsonRecord,
  ids: ReadonlyMap<string, number>,
  onMissing: (token: string) => never,
): JsonRecord {
  const idOf = (token: string): number => ids.get(token) ?? onMissing(token);
  const addedTokens = (Array.isArray(root.added_tokens) ? root.added_tokens : [])
    .filter((entry: JsonRecord) => ids.has(entry.content as string))
    .map((entry: JsonRecord) => ({ ...entry, id: ids.get(entry.content as string)! }))
    .sort((a, b) => a.id - b.id);
  return {
    ...root,
    added_tokens: addedTokens,
    ...(isRecord(root.padding) && { padding: renumberPadding(root.padding, ids) }),
    ...(isRecord(root.post_processor) && { post_processor: renumberPostProcessor(root.post_processor, idOf) }),
  };
}

function renumberPadding(padding: JsonRecord, ids: ReadonlyMap<string, number>): JsonRecord | null {
  const id = ids.get(padding.pad_token as string);
  return id === undefined ? null : { ...padding, pad_id: id };
}

/** Of the kinds TemplateProcessing, BertProcessing and RobertaProcessing; another one holds no ids, or is a sequence of such. */
function renumberPostProcessor(part: JsonRecord, idOf: (token: string) => number): JsonRecord {
  const { type, special_tokens: special, processors } = part;
  if (type === 'TemplateProcessing' && isRecord(special)) {
    const renumbered = Object.entries(special).map(([name, token]) => {
      const tokens = (token as JsonRecord).tokens as readonly string[];
      return [name, { ...(token as JsonRecord), ids: tokens.map(idOf) }] as const;
    });
    return { ...part, special_tokens: Object.fromEntries(renumbered) };
  }
  if (type === 'BertProcessing' || type === 'RobertaProcessing') {
    const pair = (value: unknown): unknown => {
      const [token] = value as readonly [string, number];
      return [token, idOf(token)];
    };
    return { ...part, sep: pair(part.sep), cls: pair(part.cls) };
  }
  if (type === 'Sequence' && Array.isArray(processors)) {
    return { ...part, processors: processors.map((one: JsonRecord) => renumberPostProcessor(one, idOf)) };
  }
  return part;
}
