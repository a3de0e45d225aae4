/**
 * The second half of `pnpm lint`, after Biome: the rules in tooling/lint over every file that git knows or would add.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkLength, checkName, checkSource } from './lint/source-rules.mjs';
import { repositoryFiles } from './repository-files.mjs';
import { root, runMain, workspacePackages } from './workspace.mjs';

/** Runs all rules over the repository: how many sources were read, and what is wrong as `file:line message`. */
export function lintRepository() {
  const packages = workspacePackages();
  const folderByName = new Map(packages.map((one) => [one.name, one.folder]));
  /** @type {string[]} */
  const problems = [];
  let sources = 0;
  for (const file of repositoryFiles()) {
    const nameProblem = checkName(file);
    if (nameProblem !== undefined) problems.push(`${file} ${nameProblem}`);
    if (!/\.(ts|mjs)$/.test(file)) continue;
    const text = readFileSync(path.join(root, file), 'utf8');
    const lengthProblem = checkLength(file, text);
    if (lengthProblem !== undefined) problems.push(`${file} ${lengthProblem}`);
    const owner = packages.find((one) => file.startsWith(`${one.folder}/src/`));
    if (owner === undefined) continue;
    sources += 1;
    problems.push(...checkSource({ file, text, owner, folderByName }));
  }
  return { sources, problems };
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === path.join(root, 'tooling', 'lint.mjs')) {
  runMain(async () => {
    const { sources, problems } = lintRepository();
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    process.stdout.write(`Checked ${sources} source files, found ${problems.length} problems.\n`);
    return problems.length > 0 ? 1 : 0;
  });
}
