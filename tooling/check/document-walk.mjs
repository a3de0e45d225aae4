/**
 * Performs `docs/contributing/add-a-loss.md` as it stands: writes the files it says to write and runs its commands, in an
 * empty folder outside the repository, against the packed tarballs. Nothing of the walk is written anywhere else.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { markdownFences } from '../fences/markdown-fences.mjs';
import { root, WorkspaceError } from '../workspace.mjs';
import { capture } from './capture.mjs';
import { startRegistry } from './local-registry.mjs';

/** @typedef {import('./release-rehearsal.mjs').Tarball} Tarball */
/** @typedef {{ line: number, file: string, text: string } | { line: number, command: string }} WalkStep */

const DOCUMENT = 'docs/contributing/add-a-loss.md';

/**
 * What a document asks its reader to do, in order: fences below "Write `file`" are files, `sh` fences are commands.
 *
 * @param {string} file
 * @param {string} markdown
 * @returns {WalkStep[]}
 */
export function walkSteps(file, markdown) {
  return markdownFences(file, markdown).map(({ language, line, code, path: written }) => {
    if (language === 'sh') return { line, command: code };
    if (written !== undefined) return { line, file: written, text: `${code}\n` };
    throw new WorkspaceError(
      `Expected the fence at ${file}:${line} to be \`sh\` or below a paragraph with "Write \`file\`", received neither. Say where it goes.`,
    );
  });
}

/**
 * The environment of a reader whose npm knows the release: npm's global settings name the registry for two scopes.
 *
 * @param {string} folder
 * @param {string} url
 */
function readerEnvironment(folder, url) {
  const settings = path.join(folder, 'npmrc');
  const lines = [
    `@embedbag:registry=${url}`,
    `@your-name:registry=${url}`,
    `${url.slice('http:'.length)}/:_authToken=walk`,
  ];
  writeFileSync(settings, `${[...lines, 'audit=false', 'fund=false', 'loglevel=error'].join('\n')}\n`);
  return { ...process.env, npm_config_globalconfig: settings };
}

/**
 * The two figures that the trial prints; throws where training made the model no better.
 *
 * @param {string} printed
 */
export function checkScores(printed) {
  const [before, after] = [...printed.matchAll(/^NDCG@10 (?:before|after): (\d\.\d+)$/gm)].map((one) => Number(one[1]));
  if (before !== undefined && after !== undefined && after > before) return { before, after };
  throw new WorkspaceError(
    `Expected ${DOCUMENT} to print an NDCG@10 before training and a larger one after, received:\n${printed}`,
  );
}

/**
 * @param {readonly Tarball[]} tarballs
 * @param {string} folder An empty temporary folder outside the repository.
 */
export async function walkDocument(tarballs, folder) {
  const project = path.join(folder, 'reader', 'in-batch-triplet-loss');
  mkdirSync(project, { recursive: true });
  const registry = await startRegistry(tarballs);
  try {
    const env = readerEnvironment(folder, registry.url);
    let printed = '';
    for (const step of walkSteps(DOCUMENT, readFileSync(path.join(root, DOCUMENT), 'utf8'))) {
      if ('file' in step) {
        mkdirSync(path.dirname(path.join(project, step.file)), { recursive: true });
        writeFileSync(path.join(project, step.file), step.text);
        continue;
      }
      const started = performance.now();
      try {
        printed += await capture('bash', ['-euo', 'pipefail', '-c', step.command], { cwd: project, env });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new WorkspaceError(`The walk ended at ${DOCUMENT}:${step.line}. ${message}`);
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`  ${DOCUMENT}:${step.line}: ${seconds} s\n`);
    }
    return checkScores(printed);
  } finally {
    await registry.close();
  }
}
