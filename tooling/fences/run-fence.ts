import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { inspect, isDeepStrictEqual } from 'node:util';
import ts from 'typescript';
import { root, workspacePackages } from '../workspace.mjs';
import type { Fence } from './read-fences.js';
import { modulePathOf } from './typecheck-fences.js';

/** What a line `expression // => value` gave when the fence ran. */
export interface FenceResult {
  /** The line in the Markdown file. */
  readonly line: number;
  readonly expected: string;
  readonly actual: unknown;
}

const EXPECTATION = /\/\/\s*=>\s*(.+?)\s*$/;
const RECORDER = '__recordFenceValue';

/** Whether the fence promises a value. */
export function isRunnable(fence: Fence): boolean {
  return fence.code.split('\n').some((line) => EXPECTATION.test(line));
}

/** How a value reads in a document: what `console.log` would print, on one line. */
export function printed(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: 10 });
}

/** Whether a document that says `expected` tells the truth about `actual`: as printed, or as a literal of the same value. */
export function isAsPromised(actual: unknown, expected: string): boolean {
  if (printed(actual) === expected || inspect(actual, { breakLength: Number.POSITIVE_INFINITY }) === expected)
    return true;
  try {
    return isDeepStrictEqual(actual, new Function(`return (${expected});`)());
  } catch {
    return false;
  }
}

/** The expression whose value a statement shows: its own, that of `const x = ...`, or the argument of `console.log`. */
function shownExpression(statement: ts.Statement): ts.Expression | undefined {
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    const isLog = ts.isCallExpression(expression) && /^console\.\w+$/.test(expression.expression.getText());
    return isLog ? expression.arguments[0] : expression;
  }
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations[0]?.initializer;
  return undefined;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function importEdits(source: ts.SourceFile, fence: Fence): Edit[] {
  const folderByName = new Map(workspacePackages().map((one) => [one.name, one.path]));
  const require = createRequire(modulePathOf(fence));
  const edits: Edit[] = [];
  const rewrite = (literal: ts.Expression | undefined): void => {
    if (literal === undefined || !ts.isStringLiteralLike(literal) || literal.text.startsWith('node:')) return;
    const folder = folderByName.get(literal.text);
    const target = (): string => {
      if (folder !== undefined) return path.join(folder, 'src', 'index.ts');
      if (!literal.text.startsWith('.')) return require.resolve(literal.text);
      return path.join(path.dirname(modulePathOf(fence)), literal.text);
    };
    edits.push({ start: literal.getStart(), end: literal.getEnd(), text: JSON.stringify(target()) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) rewrite(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) rewrite(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edits;
}

function expectationEdits(source: ts.SourceFile, fence: Fence): Edit[] {
  const edits: Edit[] = [];
  for (const [index, text] of fence.code.split('\n').entries()) {
    const expected = EXPECTATION.exec(text)?.[1];
    if (expected === undefined) continue;
    const end = source.getPositionOfLineAndCharacter(index, text.replace(EXPECTATION, '').trimEnd().length);
    const statement = source.statements.find((one) => one.getStart() < end && one.getEnd() >= end);
    const expression = statement === undefined ? undefined : shownExpression(statement);
    const line = fence.line + index;
    if (expression === undefined) {
      throw new Error(
        `Expected \`// =>\` after an expression at ${fence.file}:${line}, received another kind of line.`,
      );
    }
    const start = expression.getStart();
    const call = `${RECORDER}(${line}, ${JSON.stringify(expected)}, ${expression.getText()})`;
    edits.push({ start, end: expression.getEnd(), text: call });
  }
  return edits;
}

/** The fence as a module that hands every shown value to a recorder, with imports that work from anywhere. */
function instrument(fence: Fence): string {
  const source = ts.createSourceFile(modulePathOf(fence), fence.code, ts.ScriptTarget.ES2022, true);
  const edits = [...importEdits(source, fence), ...expectationEdits(source, fence)].sort((a, b) => b.start - a.start);
  let code = fence.code;
  for (const { start, end, text } of edits) code = code.slice(0, start) + text + code.slice(end);
  return `${code}\nexport {};\n`;
}

/** Runs a fence in this process, from source, and returns the values it promised. */
export async function runFence(fence: Fence): Promise<FenceResult[]> {
  const folder = path.join(root, 'tooling', 'fences', 'generated');
  const name = `${fence.file.replace(/[^a-zA-Z0-9]+/g, '-')}-line-${fence.line}.ts`.toLowerCase();
  const file = path.join(folder, name);
  const results: FenceResult[] = [];
  const holder = globalThis as Record<string, unknown>;
  const { log } = console;
  // An example may print; a test may not.
  console.log = () => {};
  holder[RECORDER] = (line: number, expected: string, actual: unknown): unknown => {
    results.push({ line, expected, actual });
    return actual;
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    `declare const ${RECORDER}: <T>(line: number, expected: string, actual: T) => T;\n${instrument(fence)}`,
  );
  try {
    await import(/* @vite-ignore */ file);
  } finally {
    delete holder[RECORDER];
    console.log = log;
    rmSync(file, { force: true });
  }
  return results;
}
