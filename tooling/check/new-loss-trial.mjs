/** Runs `pnpm new loss` in a copy of the repository: what it writes must pass as it is, before anything is edited. */
import path from 'node:path';
import { root, WorkspaceError } from '../workspace.mjs';
import { capture, mapAtMost } from './capture.mjs';
import { commitAll, copyRepository } from './repository-copy.mjs';

const NAME = 'neighbouring-row';

/** Packages whose types see the new loss. */
const TYPECHECKED = ['packages/losses', 'packages/cli', 'examples/losses'];

/** @param {string} folder An empty temporary folder. */
export async function tryNewLoss(folder) {
  const copy = path.join(folder, 'repository');
  copyRepository(copy, ['src/generated']);
  await commitAll(copy);
  /**
   * @param {string[]} args
   * @param {string} [cwd] Relative to the copy.
   */
  const node = (args, cwd = '.') => capture(process.execPath, args, { cwd: path.join(copy, cwd) });
  const tool = (/** @type {string[]} */ ...parts) => path.join(root, 'node_modules', ...parts);

  const printed = await node(['tooling/new.mjs', 'loss', NAME]);
  const files = [...printed.matchAll(/^ {2}(\S+)$/gm)].map((match) => match[1] ?? '');
  const status = await capture('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: copy });
  const touched = status.split('\n').flatMap((line) => (line === '' ? [] : [line.slice(3)]));
  if (touched.sort().join() !== [...new Set(files)].sort().join()) {
    throw new WorkspaceError(`Expected \`pnpm new loss\` to list what it wrote, received\n${printed}for\n${status}`);
  }
  await node([tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.']);
  await node(['tooling/lint.mjs']);
  await mapAtMost(TYPECHECKED, 2, (one) => node([tool('typescript', 'bin', 'tsc'), '--noEmit'], one));
  const vitest = [tool('vitest', 'vitest.mjs'), 'run'];
  await node([...vitest, `packages/losses/src/${NAME}-loss.test.ts`]);
  const listed = ['packages/cli/src/train-loss.test.ts', 'tooling/fences/examples.test.ts'];
  await node([...vitest, ...listed, '--testNamePattern', `${NAME}|each`]);
}
