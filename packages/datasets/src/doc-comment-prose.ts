const FENCE = /^[ \t]*(```|~~~)[\s\S]*?(?:^[ \t]*\1[ \t]*$|$(?![\s\S]))/gm;
const BLOCK_TAG = /^[ \t]*@([A-Za-z]+)[ \t]*/m;
/** Tags whose text describes the symbol as the text before all tags does. */
const PROSE_TAGS = new Set(['description', 'desc', 'summary', 'remarks', 'returns', 'return']);
/** Tags that say a comment is not for readers. */
const HIDDEN_TAGS = /^[ \t]*@(?:internal|hidden|ignore)\b/m;

/**
 * The prose of a documentation comment, given with its delimiters, as one line of plain text; empty if it has none.
 *
 * Tags are left out but for `@returns`, `@remarks`, `@summary` and `@description`, whose text is kept. Code examples,
 * Markdown signs, HTML tags and addresses are removed; `{@link x}` becomes `x`.
 */
export function docCommentProse(comment: string): string {
  const body = comment.replace(/^\/\*\*|\*\/$/g, '').replace(/^[ \t]*\*[ \t]?/gm, '');
  if (HIDDEN_TAGS.test(body)) return '';
  const parts = body.replace(FENCE, '').split(BLOCK_TAG);
  const kept = [parts[0] ?? ''];
  for (let index = 1; index + 1 < parts.length; index += 2) {
    if (PROSE_TAGS.has((parts[index] ?? '').toLowerCase())) kept.push(withoutType(parts[index + 1] ?? ''));
  }
  const [first = '', ...others] = kept.map(plainProse).filter((part) => part !== '');
  return others.length === 0 ? first : [first, ...others].map(asSentence).join(' ');
}

function withoutType(text: string): string {
  return text.replace(/^\{[^}]*\}/, '');
}

/** Ends a part as a sentence, so that the next one does not run into it. */
function asSentence(text: string): string {
  return /[.!?:;]$/.test(text) ? text : `${text}.`;
}

/** Markdown with inline tags as one line of plain text. */
export function plainProse(markdown: string): string {
  return markdown
    .replace(
      /\{@(?:link|linkcode|linkplain)\s+([^}|\s]+)(?:\s*\|\s*|\s+)?([^}]*)\}/g,
      (_, target: string, label: string) => (label.trim() === '' ? target : label),
    )
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[MDN(?: Reference)?\]\([^)]*\)\.?/g, '')
    .replace(/\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)/g, '$1')
    .replace(/\[([^\]]+)\]\[[^\]]*\]/g, '$1')
    .replace(/https?:\/\/[^\s)>\]]+/g, '')
    .replace(/<\/?[A-Za-z][^>\n]*>/g, (tag) => (/^<\/?[A-Z]/.test(tag) ? tag : ' '))
    .replace(/^[ \t]*(?:#{1,6}|>|[-*+]|\d+[.)])[ \t]+/gm, '')
    .replace(/^[ \t]*\|?[ \t:|-]*-{3,}[ \t:|-]*$/gm, ' ')
    .replace(/\*\*|__|~~|`/g, '')
    .replace(/(^|[\s(])[*_](\S(?:[^*_\n]*\S)?)[*_](?=[\s).,;:!?]|$)/gm, '$1$2')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\\([_*`<>#[\]])/g, '$1')
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;:!?])(?=\s|$)/g, '$1')
    .trim();
}
