/**
 * `pnpm new loss <name>`: a loss that works, with its test, its example and its changeset, listed wherever losses are, to
 * be edited.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { newLoss } from './new/new-loss.mjs';
import { ensureInstalled, root, runMain, WorkspaceError } from './workspace.mjs';

runMain(async () => {
  const [kind, name, ...rest] = process.argv.slice(2);
  if (kind !== 'loss' || rest.length > 0) {
    const received = process.argv.length > 2 ? `\`${process.argv.slice(2).join(' ')}\`` : 'nothing';
    throw new WorkspaceError(`Expected \`pnpm new loss <name>\`, received ${received}. Run \`pnpm new loss my-name\`.`);
  }
  const files = newLoss(root, name);
  await ensureInstalled({ quiet: true });
  const biome = path.join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const sources = files.filter((file) => file.endsWith('.ts'));
  execFileSync(process.execPath, [biome, 'check', '--write', '--log-level=error', ...sources], {
    cwd: root,
    stdio: 'pipe',
  });
  const [source = '', test = ''] = files;
  process.stdout.write(`Written or changed:\n${files.map((file) => `  ${file}\n`).join('')}`);
  process.stdout.write(`Edit ${source}, then: npx vitest run ${test}\n`);
});
