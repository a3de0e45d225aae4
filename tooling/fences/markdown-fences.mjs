/** The fences of a Markdown text, of whatever language. */

/**
 * @typedef {object} MarkdownFence
 * @property {string} language The first word behind the marker, such as `ts`; empty where there is none.
 * @property {number} line The line of the fence's first line of code, counted from 1.
 * @property {string} code
 * @property {string} [path] The file that the paragraph above says to write, as in: Write `src/index.ts`:
 */

/** What names the file of the fence below, somewhere in the paragraph above it. */
const NAMING = /\b[Ww]rite `([\w./-]+)`/g;

/**
 * The name of the file in the last paragraph of `lines`, if it names one.
 *
 * @param {readonly string[]} lines
 */
function namedFile(lines) {
  const text = lines.join('\n').trimEnd();
  const paragraph = text.slice(text.lastIndexOf('\n\n') + 1);
  return [...paragraph.matchAll(NAMING)].at(-1)?.[1];
}

/**
 * All fences of a Markdown text, in order.
 *
 * @param {string} file Named when a fence is not closed.
 * @param {string} markdown
 * @returns {MarkdownFence[]}
 */
export function markdownFences(file, markdown) {
  /** @type {MarkdownFence[]} */
  const fences = [];
  /** @type {{ marker: string, language: string, line: number, code: string[], path: string | undefined } | undefined} */
  let open;
  /** @type {string[]} */
  let above = [];
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const marker = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(text);
    if (open === undefined) {
      if (marker === null) above.push(text);
      else
        open = {
          marker: marker[1] ?? '',
          language: marker[2] ?? '',
          line: index + 2,
          code: [],
          path: namedFile(above),
        };
    } else if (marker !== null && marker[2] === '' && (marker[1] ?? '').startsWith(open.marker)) {
      const { language, line, code, path } = open;
      fences.push({ language, line, code: code.join('\n'), ...(path === undefined ? {} : { path }) });
      open = undefined;
      above = [];
    } else {
      open.code.push(text);
    }
  }
  if (open !== undefined)
    throw new Error(`Expected the fence above ${file}:${open.line} to be closed, received the end.`);
  return fences;
}
