/** A loss inside the workspace: its file, its test, its example and its changeset, and a line wherever losses are listed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkName } from '../lint/source-rules.mjs';
import { WorkspaceError } from '../workspace.mjs';

const TEMPLATES = fileURLToPath(new URL('templates/', import.meta.url));

/** @typedef {{ kebab: string, factory: string, Name: string }} LossNames */

/**
 * How the loss called `name` is written everywhere: `in-batch-triplet` is `inBatchTripletLoss` and `InBatchTripletLoss`.
 *
 * @param {string | undefined} name With or without `-loss` at its end.
 * @returns {LossNames}
 */
export function lossNames(name) {
  const kebab = name?.replace(/-loss$/, '');
  if (kebab === undefined || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kebab) || kebab === 'loss') {
    throw new WorkspaceError(
      `Expected a name in lower-case words joined by hyphens, such as \`in-batch-triplet\`, received ${name === undefined ? 'none' : `\`${name}\``}. Run \`pnpm new loss in-batch-triplet\`.`,
    );
  }
  const problem = checkName(`${kebab}.ts`);
  if (problem !== undefined) throw new WorkspaceError(problem);
  const camel = kebab.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  return { kebab, factory: `${camel}Loss`, Name: `${camel[0]?.toUpperCase()}${camel.slice(1)}Loss` };
}

/**
 * The text with a line put in front of the first one that `before` finds.
 *
 * @param {string} file Named in the error.
 * @param {string} text
 * @param {RegExp} before
 * @param {string} line
 */
function withLine(file, text, before, line) {
  const at = text.search(before);
  if (at >= 0) return `${text.slice(0, at)}${line}\n${text.slice(at)}`;
  throw new WorkspaceError(
    `Expected ${file} to have a line like ${before}, received none. Put the line in yourself:\n${line}`,
  );
}

/**
 * The new files, by path.
 *
 * @param {LossNames} names
 * @returns {ReadonlyMap<string, string>}
 */
function newFiles({ kebab, factory, Name }) {
  /** @param {string} template */
  const fill = (template) =>
    readFileSync(path.join(TEMPLATES, template), 'utf8')
      .replaceAll('__kebab__', kebab)
      .replaceAll('__factory__', factory)
      .replaceAll('__Name__', Name);
  return new Map([
    [`packages/losses/src/${kebab}-loss.ts`, fill('loss.ts.txt')],
    [`packages/losses/src/${kebab}-loss.test.ts`, fill('loss.test.ts.txt')],
    [`examples/losses/${kebab}.ts`, fill('example.ts.txt')],
    [`.changeset/losses-${kebab}.md`, fill('changeset.md.txt')],
  ]);
}

/**
 * What is put into the files that list the losses: where, and which line.
 *
 * @param {LossNames} names
 * @returns {readonly { file: string, before: RegExp, line: string }[]}
 */
function newLines({ kebab, factory, Name }) {
  const registry = 'packages/cli/src/built-in-losses.ts';
  return [
    {
      file: 'packages/losses/src/index.ts',
      before: /^export \{/m,
      line: `export { type ${Name}Options, ${factory} } from './${kebab}-loss.js';`,
    },
    {
      file: 'packages/losses/README.md',
      before: /^\| `guideFrom/m,
      line: `| \`${factory}({ margin? })\` | anchor, positive | the next row's positive is farther than the own one by a margin |`,
    },
    { file: registry, before: /^\} from '@embedbag\/losses';/m, line: `  ${factory},\n  type ${Name}Options,` },
    {
      file: registry,
      before: /^\};\n(?![\s\S]*^\};\n)/m,
      line: `  '${kebab}': builtIn<${Name}Options>({ margin: true }, ${factory}),`,
    },
    {
      file: 'examples/losses/README.md',
      before: /^\| \[loss-by-dataset/m,
      line: `| [${kebab}.ts](${kebab}.ts) | \`${factory}\` |`,
    },
  ];
}

/**
 * Writes the loss called `name` into the repository at `folder`; nothing where a file of it is there already.
 *
 * @param {string} folder Absolute.
 * @param {string | undefined} name
 * @returns {string[]} The files that are new or changed, relative to `folder`.
 */
export function newLoss(folder, name) {
  const names = lossNames(name);
  const files = newFiles(names);
  const existing = [...files.keys()].find((file) => existsSync(path.join(folder, file)));
  if (existing !== undefined) {
    throw new WorkspaceError(
      `Expected a name that no loss has, received \`${names.kebab}\`: ${existing} is there already. Choose another name or edit that file.`,
    );
  }
  /** @type {Map<string, string>} */
  const changed = new Map();
  for (const { file, before, line } of newLines(names)) {
    const text = changed.get(file) ?? readFileSync(path.join(folder, file), 'utf8');
    changed.set(file, withLine(file, text, before, line));
  }
  for (const [file, text] of [...files, ...changed]) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return [...files.keys(), ...changed.keys()];
}
