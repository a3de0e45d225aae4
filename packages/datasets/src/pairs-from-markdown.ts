import { readFile } from 'node:fs/promises';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';
import { plainProse } from './doc-comment-prose.js';
import { findSourceFiles } from './source-files.js';
import { PairCollector, type PairOptions, type SplitPairs } from './text-pairs.js';

type Root = ReturnType<typeof fromMarkdown>;
type Content = Root['children'][number];

const FRONT_MATTER = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/**
 * Makes (heading, prose) pairs of Markdown files.
 *
 * `paths` are folders, searched with all folders in them, or .md files. The anchor is a heading with the headings above
 * it, the positive the text below it up to the next heading; code, HTML and tables are left out. Each anchor and each
 * prose comes once. A file without a heading of the first level has the `title` of its front matter in its place, with the
 * `description` there as its first prose. The heading's own words decide whether it is held out. The result depends on the
 * files' contents and order alone.
 *
 * @throws EmbedbagError `file-not-found`, `empty-folder`, `invalid-share`.
 *
 * @example
 * ```ts
 * const { train, heldOut } = await pairsFromMarkdown('docs');
 * ```
 */
export async function pairsFromMarkdown(
  paths: string | readonly string[],
  options: PairOptions = {},
): Promise<SplitPairs> {
  const { signal, includeNodeModules = false } = options;
  const collector = new PairCollector(options);
  const files = await findSourceFiles(paths, {
    accepts: (name) => /\.(?:md|markdown)$/i.test(name),
    wanted: 'at least one .md file',
    includeNodeModules,
    signal,
  });
  for (const file of files) {
    signal?.throwIfAborted();
    const markdown = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
    const [whole = '', yaml] = FRONT_MATTER.exec(markdown) ?? [];
    readSections(markdown.slice(whole.length), await readFrontMatter(yaml), collector);
  }
  return collector.finish();
}

/** What the head of a file says of it. */
interface FrontMatter {
  readonly title: string;
  readonly description: string;
}

/** Both are empty where there is no front matter, or none that is YAML: the text below it counts all the same. */
async function readFrontMatter(yaml: string | undefined): Promise<FrontMatter> {
  const nothing = { title: '', description: '' };
  if (yaml === undefined) return nothing;
  const { parse } = await import('yaml');
  try {
    const { title, description } = { ...(parse(yaml) as object) } as Readonly<Record<string, unknown>>;
    const text = (value: unknown): string => (typeof value === 'string' ? collapsed(value) : '');
    return { title: text(title), description: text(description) };
  } catch {
    return nothing;
  }
}

interface Heading {
  readonly depth: number;
  readonly text: string;
}

function readSections(markdown: string, { title, description }: FrontMatter, collector: PairCollector): void {
  const { children } = fromMarkdown(markdown);
  const hasTitle = children.some((node) => node.type === 'heading' && node.depth === 1);
  let path: Heading[] = hasTitle || title === '' ? [] : [{ depth: 0, text: title }];
  let prose: string[] = path.length === 0 || description === '' ? [] : [sentence(description)];
  const flush = (): void => {
    const names = path.map((heading) => heading.text).filter((text) => text !== '');
    if (names.length > 0) collector.add({ path: names, title: names.join(' > '), prose: prose.join(' ') });
    prose = [];
  };
  for (const node of children) {
    if (node.type !== 'heading') {
      const text = proseOf(node);
      if (text !== '') prose.push(text);
      continue;
    }
    flush();
    path = path.filter((heading) => heading.depth < node.depth);
    path.push({ depth: node.depth, text: collapsed(textOf(node, { includeHtml: false, includeImageAlt: false })) });
  }
  flush();
}

/** The text of a block without its code blocks and HTML; a list gives one sentence an item. */
function proseOf(node: Content): string {
  if (node.type === 'code' || node.type === 'html' || node.type === 'definition') return '';
  if (node.type === 'list' || node.type === 'listItem' || node.type === 'blockquote') {
    return node.children
      .map(proseOf)
      .filter((text) => text !== '')
      .join(' ');
  }
  const text = textOf(node, { includeHtml: false, includeImageAlt: false });
  const isTable = /^\s*\|?[\s:|-]*-{3,}[\s:|-]*\|/m.test(text);
  return isTable ? '' : plainProse(text);
}

/** `text` with an end, so that what follows begins a new sentence. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function collapsed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
