import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { EmbedbagError } from '@embedbag/core';
import type ts from 'typescript';
import { docCommentProse } from './doc-comment-prose.js';
import { findSourceFiles } from './source-files.js';
import { PairCollector, type PairOptions, type SplitPairs } from './text-pairs.js';

/**
 * Makes (symbol, description) pairs of the documentation comments in TypeScript sources and declaration files.
 *
 * `paths` are folders, searched with all folders in them, or files. The anchor is a symbol with its path (module,
 * namespace, interface, member), the positive its comment's prose. Each anchor and each prose comes once. The last name
 * of a symbol decides whether it is held out, so all overloads and namesakes of a symbol are on one side. Files are only
 * parsed, not checked; the result depends on the files' contents and order alone.
 *
 * Needs the package `typescript`, version 5 or 6, beside this one.
 *
 * @throws EmbedbagError `missing-peer`, `unsupported-peer`, `file-not-found`, `empty-folder`, `invalid-share`.
 *
 * @example
 * ```ts
 * const { train, heldOut } = await pairsFromTypeScript(['node_modules/@types/node', 'src']);
 * ```
 */
export async function pairsFromTypeScript(
  paths: string | readonly string[],
  options: PairOptions = {},
): Promise<SplitPairs> {
  const { signal, includeNodeModules = false } = options;
  const collector = new PairCollector(options);
  const files = await findSourceFiles(paths, {
    accepts: (name) => /\.[cm]?tsx?$/.test(name),
    wanted: 'at least one .ts or .d.ts file',
    includeNodeModules,
    signal,
  });
  const compiler = loadCompiler();
  for (const file of files) {
    signal?.throwIfAborted();
    readSymbols(compiler, file, await readFile(file, 'utf8'), collector);
  }
  return collector.finish();
}

/** By `require`: `import()` looks through all 9 MB of the compiler for its export names first, which takes seconds. */
function loadCompiler(): typeof ts {
  const require = createRequire(import.meta.url);
  let compiler: Partial<typeof ts>;
  try {
    compiler = require('typescript') as Partial<typeof ts>;
  } catch (error) {
    throw new EmbedbagError({
      code: 'missing-peer',
      message:
        'Expected the package `typescript` to read TypeScript sources, received none. Run `npm install typescript@6`.',
      cause: error,
    });
  }
  if (typeof compiler?.createSourceFile === 'function') return compiler as typeof ts;
  throw new EmbedbagError({
    code: 'unsupported-peer',
    message: `Expected \`typescript\` version 5 or 6, received ${compiler?.version ?? 'one without a parser'}. Run \`npm install typescript@6\`.`,
  });
}

function readSymbols(compiler: typeof ts, file: string, text: string, collector: PairCollector): void {
  const source = compiler.createSourceFile(file, text, {
    languageVersion: compiler.ScriptTarget.Latest,
    // Comments are read from the text; older compilers ignore this.
    jsDocParsingMode: compiler.JSDocParsingMode?.ParseNone,
  });
  const visit = (node: ts.Node, path: readonly string[]): void => {
    if (compiler.isBlock(node) || compiler.isToken(node)) return;
    const names = declaredNames(compiler, node, path);
    const own = [...path, ...names];
    if (isDocumentable(compiler, node, names)) {
      const prose = docCommentProse(lastDocComment(compiler, text, node));
      if (prose !== '') collector.add({ path: own, title: titleOf(own), prose });
    }
    compiler.forEachChild(node, (child) => visit(child, own));
  };
  visit(source, []);
}

/** A statement `declare var X: ...` carries the comment of the one variable it declares. */
function isDocumentable(compiler: typeof ts, node: ts.Node, names: readonly string[]): boolean {
  if (compiler.isVariableStatement(node)) return true;
  if (compiler.isParameter(node) || compiler.isVariableDeclaration(node)) return false;
  return names.length > 0 || compiler.isConstructorDeclaration(node) || compiler.isConstructSignatureDeclaration(node);
}

/** What a node adds to the path of what is inside it: none, or its name. */
function declaredNames(compiler: typeof ts, node: ts.Node, path: readonly string[]): readonly string[] {
  if (compiler.isVariableStatement(node)) {
    const [only, ...others] = node.declarationList.declarations;
    return only !== undefined && others.length === 0 ? names(compiler, only.name, path) : [];
  }
  if (compiler.isVariableDeclaration(node)) return [];
  if (compiler.isParameter(node) || compiler.isModuleDeclaration(node) || isNamedDeclaration(compiler, node)) {
    return names(compiler, node.name, path);
  }
  return [];
}

type NamedDeclaration = ts.Node & { readonly name: ts.PropertyName | undefined };

function isNamedDeclaration(compiler: typeof ts, node: ts.Node): node is NamedDeclaration {
  return (
    compiler.isInterfaceDeclaration(node) ||
    compiler.isClassDeclaration(node) ||
    compiler.isFunctionDeclaration(node) ||
    compiler.isTypeAliasDeclaration(node) ||
    compiler.isEnumDeclaration(node) ||
    compiler.isEnumMember(node) ||
    compiler.isMethodSignature(node) ||
    compiler.isMethodDeclaration(node) ||
    compiler.isPropertySignature(node) ||
    compiler.isPropertyDeclaration(node) ||
    compiler.isGetAccessorDeclaration(node) ||
    compiler.isSetAccessorDeclaration(node)
  );
}

function names(compiler: typeof ts, name: ts.Node | undefined, path: readonly string[]): readonly string[] {
  const text = name === undefined ? undefined : nameText(compiler, name);
  if (text === undefined || text === '' || text === 'global') return [];
  // `module "path" { namespace path { ... } }` is one step, and `ArrayConstructor` holds the static side of `Array`.
  const plain = text.replace(/^node:/, '').replace(/(?<=.)Constructor$/, '');
  return path.at(-1) === plain ? [] : [plain];
}

function nameText(compiler: typeof ts, name: ts.Node): string | undefined {
  if (compiler.isIdentifier(name) || compiler.isStringLiteral(name) || compiler.isNumericLiteral(name))
    return name.text;
  if (!compiler.isComputedPropertyName(name)) return undefined;
  const { expression } = name;
  if (compiler.isStringLiteral(expression)) return expression.text;
  if (compiler.isIdentifier(expression)) return expression.text;
  return compiler.isPropertyAccessExpression(expression) ? expression.name.text : undefined;
}

function lastDocComment(compiler: typeof ts, text: string, node: ts.Node): string {
  const above = compiler.getLeadingCommentRanges(text, node.pos) ?? [];
  // `{ /** ... */ start?: number }`: to the compiler a comment on the line of the token before it trails that token.
  const before = (compiler.getTrailingCommentRanges(text, node.pos) ?? []).filter((range) => !range.hasTrailingNewLine);
  const ranges = [...before, ...above];
  const last = ranges.findLast((range) => text.startsWith('/**', range.pos) && range.end - range.pos > 4);
  return last === undefined ? '' : text.slice(last.pos, last.end);
}

function titleOf(path: readonly string[]): string {
  return path.join('.');
}
