import path from 'node:path';
import ts from 'typescript';
import { root, workspacePackages } from '../workspace.mjs';
import type { Fence } from './read-fences.js';

/** The compiler options of the repository, less what an example need not keep: using all it declares, exporting types. */
function compilerOptions(): ts.CompilerOptions {
  const file = path.join(root, 'tooling', 'tsconfig', 'base.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, path.dirname(file));
  return {
    ...parsed.options,
    noUnusedLocals: false,
    noUnusedParameters: false,
    isolatedDeclarations: false,
    declaration: false,
    noEmit: true,
  };
}

/** Where a fence pretends to be: a module beside its document, so that it sees what its package has installed. */
export function modulePathOf(fence: Fence): string {
  return path.join(root, path.dirname(fence.file), `${path.basename(fence.file, '.md')}-line-${fence.line}.mts`);
}

/** Resolves the workspace's own packages from everywhere, and every other one from the document, then from any package. */
function createResolver(
  options: ts.CompilerOptions,
): (name: string, from: string) => ts.ResolvedModuleFull | undefined {
  const packages = workspacePackages();
  const homes = new Map(packages.map((one) => [one.name, one.path]));
  const cache = ts.createModuleResolutionCache(root, (file) => file, options);
  const resolve = (name: string, from: string): ts.ResolvedModuleFull | undefined =>
    ts.resolveModuleName(name, from, options, ts.sys, cache, undefined, ts.ModuleKind.ESNext).resolvedModule;
  return (name, from) => {
    const home = homes.get(name.split('/').slice(0, 2).join('/'));
    if (home !== undefined) return resolve(name, path.join(home, 'index.mts'));
    const found = resolve(name, from);
    if (found !== undefined || name.startsWith('.')) return found;
    for (const one of packages) {
      const other = resolve(name, path.join(one.path, 'index.mts'));
      if (other !== undefined) return other;
    }
    return undefined;
  };
}

/** The other file of the same document that a fence with a file of its own imports as `name`, such as `./index.js`. */
function siblingOf(name: string, from: Fence | undefined, fences: readonly Fence[]): ts.ResolvedModuleFull | undefined {
  if (from?.path === undefined || !name.startsWith('.')) return undefined;
  const wanted = path.posix.join(path.posix.dirname(from.path), name).replace(/\.js$/, '.ts');
  const sibling = fences.find((fence) => fence.file === from.file && fence.path === wanted);
  if (sibling === undefined) return undefined;
  return { resolvedFileName: modulePathOf(sibling), extension: ts.Extension.Mts, isExternalLibraryImport: false };
}

/** What TypeScript says about each fence, as `file:line message`, from one program for all of them. */
export function typecheckFences(fences: readonly Fence[]): Map<Fence, string[]> {
  const options = compilerOptions();
  const fenceByPath = new Map(fences.map((fence) => [modulePathOf(fence), fence]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  // Every fence is a module of its own, also one without imports.
  host.readFile = (file) => {
    const fence = fenceByPath.get(path.normalize(file));
    return fence === undefined ? readFile(file) : `${fence.code}\nexport {};\n`;
  };
  host.fileExists = (file) => fenceByPath.has(path.normalize(file)) || fileExists(file);
  const { getSourceFile } = host;
  host.getSourceFile = (file, languageVersion, ...rest) => {
    if (!fenceByPath.has(path.normalize(file))) return getSourceFile(file, languageVersion, ...rest);
    return ts.createSourceFile(file, host.readFile(file) ?? '', languageVersion);
  };
  const resolveFromFence = createResolver(options);
  host.resolveModuleNameLiterals = (literals, from, redirected, fileOptions, source) =>
    literals.map((literal) => ({
      resolvedModule: fenceByPath.has(path.normalize(from))
        ? (siblingOf(literal.text, fenceByPath.get(path.normalize(from)), fences) ??
          resolveFromFence(literal.text, from))
        : ts.resolveModuleName(
            literal.text,
            from,
            fileOptions,
            host,
            undefined,
            redirected,
            ts.getModeForUsageLocation(source, literal, fileOptions),
          ).resolvedModule,
    }));
  const program = ts.createProgram([...fenceByPath.keys()], options, host);
  const problems = new Map<Fence, string[]>();
  for (const [file, fence] of fenceByPath) {
    const source = program.getSourceFile(file);
    const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    problems.set(
      fence,
      diagnostics.map((one) => {
        const line = source?.getLineAndCharacterOfPosition(one.start ?? 0).line ?? 0;
        return `${fence.file}:${fence.line + line} ${ts.flattenDiagnosticMessageText(one.messageText, ' ')}`;
      }),
    );
  }
  return problems;
}
