/**
 * The rules of the house that Biome cannot express, over the syntax tree of one file: imports go the right way,
 * no top-level await in a package, no name that says nothing.
 */
import path from 'node:path';
import ts from 'typescript';
import { checkImport } from './direction.mjs';

/** @typedef {import('./direction.mjs').ImportSite} ImportSite */
/** @typedef {import('./direction.mjs').ImportingPackage} ImportingPackage */

/** Names that say nothing as a whole file or folder name. */
const EMPTY_NAMES = new Set(['utils', 'util', 'common', 'shared', 'helpers', 'helper', 'misc']);
/** Words that say nothing even beside another. */
const EMPTY_WORDS = new Set(['utils', 'util', 'helpers', 'helper', 'misc']);

/**
 * What is wrong with the name of a file or of a folder above it, or undefined.
 *
 * @param {string} file Relative to the root, with forward slashes.
 * @returns {string | undefined}
 */
export function checkName(file) {
  for (const part of file.split('/')) {
    const name = part.replace(/\..*$/, '').toLowerCase();
    if (EMPTY_NAMES.has(name) || name.split(/[-_]/).some((word) => EMPTY_WORDS.has(word))) {
      return `Expected a name that says what is inside, received \`${part}\`. Name it after what it does.`;
    }
  }
  return undefined;
}

/**
 * The string a call such as `import('...')` or `require('...')` loads, or undefined.
 *
 * @param {ts.Node} node
 */
function loadedBy(node) {
  if (!ts.isCallExpression(node)) return undefined;
  const isLoad =
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(node.expression) && node.expression.text === 'require');
  const argument = node.arguments[0];
  return isLoad && argument !== undefined && ts.isStringLiteralLike(argument) ? argument.text : undefined;
}

/**
 * @param {ts.ImportDeclaration | ts.ExportDeclaration} node
 */
function isTypeOnlyDeclaration(node) {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return node.importClause?.isTypeOnly === true;
}

/**
 * The imports and top-level awaits of one source file.
 *
 * @param {string} file
 * @param {string} text
 */
export function readSource(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  /** @type {ImportSite[]} */
  const imports = [];
  /** @type {number[]} */
  const topLevelAwaits = [];
  /** @param {ts.Node} node */
  const lineOf = (node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;

  /**
   * @param {ts.Node} node
   * @param {boolean} isInFunction
   */
  const visit = (node, isInFunction) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      const specifier = /** @type {ts.StringLiteral} */ (node.moduleSpecifier).text;
      imports.push({ specifier, line: lineOf(node), isTypeOnly: isTypeOnlyDeclaration(node), isDynamic: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const specifier = /** @type {ts.StringLiteral} */ (node.argument.literal).text;
      imports.push({ specifier, line: lineOf(node), isTypeOnly: true, isDynamic: false });
    }
    const loaded = loadedBy(node);
    if (loaded !== undefined) {
      imports.push({ specifier: loaded, line: lineOf(node), isTypeOnly: false, isDynamic: isInFunction });
    }
    const waits = ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
    if (waits && !isInFunction) topLevelAwaits.push(lineOf(node));
    const inside = isInFunction || ts.isFunctionLike(node) || ts.isPropertyDeclaration(node);
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(source, false);
  return { imports, topLevelAwaits };
}

/**
 * What is wrong with one file of a package's `src`, as `file:line message`.
 *
 * @param {{ file: string, text: string, owner: ImportingPackage, folderByName: ReadonlyMap<string, string> }} input
 *   `file` is relative to the root, with forward slashes.
 * @returns {string[]}
 */
export function checkSource({ file, text, owner, folderByName }) {
  const isTest = file.endsWith('.test.ts');
  const { imports, topLevelAwaits } = readSource(file, text);
  /** @type {string[]} */
  const problems = [];
  for (const site of imports) {
    const problem = site.specifier.startsWith('.')
      ? checkRelative(file, site.specifier, owner.folder)
      : checkImport(site, owner, isTest, folderByName);
    if (problem !== undefined) problems.push(`${file}:${site.line} ${problem}`);
  }
  if (owner.folder.startsWith('packages/') && !isTest) {
    for (const line of topLevelAwaits) {
      problems.push(
        `${file}:${line} Expected no top-level await in a package, received one: it breaks \`require()\`. Await inside a function.`,
      );
    }
  }
  return problems;
}

/**
 * @param {string} file
 * @param {string} specifier
 * @param {string} folder
 * @returns {string | undefined}
 */
function checkRelative(file, specifier, folder) {
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
  if (target.startsWith(`${folder}/`)) return undefined;
  return `Expected a relative import to stay in \`${folder}\`, received \`${specifier}\`. Import the package by its name.`;
}
