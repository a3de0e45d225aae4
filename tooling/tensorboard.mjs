/**
 * `node tooling/tensorboard.mjs [--optional]`: PyPI's TensorBoard for the test that reads event files back with it.
 *
 * It lies in `.cache/tensorboard`, an environment of Python's own, about 150 MB. `EMBEDBAG_TENSORBOARD` names another one. With
 * `--optional` a machine without Python or without a way to PyPI is told so and the exit code stays 0; the test is then skipped.
 */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { capture } from './check/capture.mjs';
import { root, runMain, WorkspaceError } from './workspace.mjs';

const VERSION = '2.21.0';

const folder = process.env.EMBEDBAG_TENSORBOARD ?? path.join(root, '.cache', 'tensorboard');
const python = path.join(folder, 'bin', 'python');
const CHECK = `import tensorboard.version as v; raise SystemExit(v.VERSION != '${VERSION}')`;

/** @param {string} text */
function progress(text) {
  process.stderr.write(`${text}\n`);
}

async function isReady() {
  if (!existsSync(python)) return false;
  return capture(python, ['-c', CHECK], { cwd: root }).then(
    () => true,
    () => false,
  );
}

async function make() {
  try {
    rmSync(folder, { recursive: true, force: true });
    await capture('python3', ['-m', 'venv', folder], { cwd: root });
    const quiet = ['--quiet', '--disable-pip-version-check'];
    await capture(python, ['-m', 'pip', 'install', ...quiet, `tensorboard==${VERSION}`], { cwd: root });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new WorkspaceError(`Expected Python with venv and pip, and PyPI, received: ${reason}`);
  }
}

async function main() {
  if (await isReady()) return progress(`TensorBoard is ready in ${folder}`);
  try {
    await make();
  } catch (error) {
    if (!process.argv.includes('--optional') || !(error instanceof WorkspaceError)) throw error;
    return progress(`TensorBoard is left out, its test will be skipped. ${error.message}`);
  }
  progress(`TensorBoard is in ${folder}`);
}

await runMain(main);
