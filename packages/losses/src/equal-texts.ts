/**
 * A number for each text of each column, equal for equal texts; undefined where no text says that a candidate is no negative:
 * no anchor and no positive comes twice, and no negative is a positive. See `ContrastiveForm.textIds`.
 */
export function equalTextIds(texts: readonly (readonly string[])[]): readonly Int32Array[] | undefined {
  const ids = new Map<string, number>();
  const textIds = texts.map((column) => {
    return Int32Array.from(column, (text) => {
      const id = ids.get(text) ?? ids.size;
      ids.set(text, id);
      return id;
    });
  });
  const repeats = textIds.slice(0, 2).some((column) => new Set(column).size < column.length);
  const positives = new Set(textIds[1]);
  const answers = textIds.slice(2).some((column) => column.some((id) => positives.has(id)));
  return repeats || answers ? textIds : undefined;
}
