/** The `vocab` of a WordPiece model as JSON, written by hand: an object would move tokens such as `2024` to the front. */
export function vocabularyJson(tokens: Iterable<readonly [token: string, id: number]>): string {
  const lines = Array.from(tokens, ([token, id]) => `      ${JSON.stringify(token)}: ${id}`);
  return `{\n${lines.join(',\n')}\n    }`;
}

/** The text of a tokenizer.json: `root` with `vocabulary` in the place of `model.vocab`, which is to be the last field of all. */
export function tokenizerJsonText(root: Readonly<Record<string, unknown>>, vocabulary: string): string {
  const { model, ...parts } = root as { readonly model: Readonly<Record<string, unknown>> };
  const { vocab: _, ...fields } = model;
  const text = JSON.stringify({ ...parts, model: { ...fields, vocab: null } }, null, 2);
  const place = text.lastIndexOf('null');
  return text.slice(0, place) + vocabulary + text.slice(place + 'null'.length);
}
