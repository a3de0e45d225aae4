/**
 * What every script at the root needs before it can work: the right Node, the installed packages, the generated files,
 * the built code. Uses nothing but Node's own modules, so that it runs before anything is installed.
 *
 * Progress goes to stderr, so that stdout stays the command's own.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The repository root, an absolute path. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Folders whose members are packages of the workspace, beside `tooling` itself. */
const WORKSPACE_FOLDERS = ['packages', 'apps', 'examples'];

/** What a build reads beside a package's own files. */
const SHARED_BUILD_INPUTS = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'turbo.json', 'tooling/tsconfig', 'tooling/tsup'];

/** Folders inside a package that no build reads. */
const NOT_SOURCES = new Set(['node_modules', 'dist', 'generated', '.turbo', 'output', 'coverage']);

/** A failure with a sentence for the user; print its message and leave out the stack. */
export class WorkspaceError extends Error {
  /** @override */
  name = 'WorkspaceError';
}

/**
 * @typedef {object} QuietOption
 * @property {boolean} [quiet] Show a command's output only if it fails. Default: false, it goes to stderr as it comes.
 */

/**
 * @typedef {object} WorkspacePackage
 * @property {string} folder Relative to the root, with forward slashes, such as `packages/core`.
 * @property {string} path Absolute.
 * @property {string} name
 * @property {boolean} isPrivate
 * @property {any} manifest The parsed package.json.
 */

/**
 * @template [T=any]
 * @param {string} file Relative to the root, or absolute.
 * @returns {T}
 */
export function readJson(file) {
  return JSON.parse(readFileSync(path.resolve(root, file), 'utf8'));
}

/**
 * Whether `version`, such as `20.18.1`, is at least `minimum`.
 *
 * @param {string} version
 * @param {string} minimum
 */
export function isAtLeast(version, minimum) {
  const have = version.split('.').map(Number);
  const need = minimum.split('.').map(Number);
  for (const [i, wanted] of need.entries()) {
    const found = have[i] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}

/**
 * Throws a {@link WorkspaceError} when this Node is older than `engines.node` of the root package.json asks for.
 *
 * @param {string} [version] Default: the running Node's.
 */
export function ensureNode(version = process.versions.node) {
  const minimum = String(readJson('package.json').engines.node).replace(/^\D*/, '');
  if (isAtLeast(version, minimum)) return;
  throw new WorkspaceError(
    `Expected Node ${minimum} or newer, received ${version}. Install a newer Node from https://nodejs.org and try again.`,
  );
}

/** The packages of the workspace that have a package.json, sorted by folder; `tooling` is not among them. */
export function workspacePackages() {
  /** @type {WorkspacePackage[]} */
  const packages = [];
  for (const parent of WORKSPACE_FOLDERS) {
    if (!existsSync(path.join(root, parent))) continue;
    for (const entry of readdirSync(path.join(root, parent)).sort()) {
      const folder = `${parent}/${entry}`;
      if (!existsSync(path.join(root, folder, 'package.json'))) continue;
      const manifest = readJson(`${folder}/package.json`);
      packages.push({
        folder,
        path: path.join(root, folder),
        name: manifest.name,
        isPrivate: manifest.private === true,
        manifest,
      });
    }
  }
  return packages;
}

/** The exact pnpm version that `packageManager` names. */
export function pnpmVersion() {
  const field = String(readJson('package.json').packageManager);
  const version = /^pnpm@([^+]+)/.exec(field)?.[1];
  if (version === undefined) {
    throw new WorkspaceError(`Expected \`packageManager\` in package.json to name pnpm, received \`${field}\`.`);
  }
  return version;
}

/** How to start pnpm: the one we run under if it is the right version, else the right version through npx. */
function pnpmCommand() {
  const version = pnpmVersion();
  const runner = process.env.npm_execpath ?? '';
  const underSamePnpm = (process.env.npm_config_user_agent ?? '').startsWith(`pnpm/${version} `);
  if (underSamePnpm && /pnpm\.[cm]?js$/.test(runner) && existsSync(runner)) {
    return { command: process.execPath, prefix: [runner], shell: false };
  }
  return {
    command: 'npx',
    prefix: ['-y', '--loglevel=error', `pnpm@${version}`],
    // Since Node 20.12 npx.cmd starts only through a shell.
    shell: process.platform === 'win32',
  };
}

/**
 * Runs a command in the root and resolves when it ends well; its stdout goes to stderr.
 * Rejects with a {@link WorkspaceError} when it does not; with `quiet` its output is shown then.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {QuietOption & { cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, name?: string }} [options]
 * @returns {Promise<void>}
 */
export function runCommand(command, args, options = {}) {
  const { quiet = false, cwd = root, env = process.env, shell = false, name = [command, ...args].join(' ') } = options;
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const held = [];
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2] });
    child.stdout?.on('data', (chunk) => held.push(chunk));
    child.stderr?.on('data', (chunk) => held.push(chunk));
    child.on('error', (cause) => {
      reject(new WorkspaceError(`Could not start \`${name}\`: ${cause.message}.`, { cause }));
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      if (held.length > 0) process.stderr.write(Buffer.concat(held));
      reject(new WorkspaceError(`\`${name}\` failed with ${signal ?? `exit code ${code}`}. Its output is above.`));
    });
  });
}

/**
 * Runs the workspace's own pnpm version with `args` in the root, through npx where needed.
 *
 * @param {readonly string[]} args
 * @param {QuietOption & { cwd?: string }} [options]
 */
export function runPnpm(args, options = {}) {
  const { command, prefix, shell } = pnpmCommand();
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, CI: 'true', TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
  // pnpm leaves out devDependencies, our compilers among them, when it is told that this is production.
  delete env.NODE_ENV;
  return runCommand(command, [...prefix, ...args], { ...options, env, shell, name: `pnpm ${args.join(' ')}` });
}

/**
 * Installs the packages when node_modules is missing or does not hold what the lockfile says.
 * Checks the Node version first. pnpm keeps the lockfile it last installed, so this compares contents, not times.
 *
 * @param {QuietOption} [options]
 */
export async function ensureInstalled(options = {}) {
  ensureNode();
  const wanted = path.join(root, 'pnpm-lock.yaml');
  const installed = path.join(root, 'node_modules', '.pnpm', 'lock.yaml');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(wanted))) return;
  process.stderr.write(`Installing the packages with pnpm ${pnpmVersion()} ...\n`);
  await runPnpm(['install', '--frozen-lockfile'], options);
}

/**
 * Every file that a build may read at or under `file`; tests and documents are left out.
 *
 * @param {string} file Absolute.
 * @returns {string[]}
 */
function inputFiles(file) {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return [];
  if (!status.isDirectory()) return [file];
  return readdirSync(file)
    .sort()
    .filter((name) => !NOT_SOURCES.has(name) && !name.endsWith('.test.ts') && !name.endsWith('.md'))
    .flatMap((name) => inputFiles(path.join(file, name)));
}

/**
 * Whether a task left something at `file`: a file, or a folder that is not empty.
 *
 * @param {string} file Absolute.
 */
function isThere(file) {
  const status = statSync(file, { throwIfNoEntry: false });
  return status !== undefined && (!status.isDirectory() || readdirSync(file).length > 0);
}

const TASK_NOTICES = {
  generate: 'Generating files',
  build: 'Building the packages',
  declarations: 'Building the declarations',
};

/**
 * Runs a turbo task unless nothing it reads is newer than its last run here and every output is there.
 *
 * @param {'generate' | 'build' | 'declarations'} task
 * @param {string} output What the task leaves in a package, relative to it.
 * @param {QuietOption} options
 */
async function ensureTask(task, output, options) {
  await ensureInstalled(options);
  const packages = workspacePackages().filter((one) => one.manifest.scripts?.[task] !== undefined);
  const stamp = path.join(root, 'node_modules', '.embedbag', task);
  const stampMtimeMs = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const inputs = [...packages.map((one) => one.path), ...SHARED_BUILD_INPUTS.map((file) => path.join(root, file))];
  const files = inputs.flatMap(inputFiles);
  // A file that was removed is newer than nothing, so the names are kept beside the time.
  const names = files.join('\n');
  const isComplete = packages.every((one) => isThere(path.join(one.path, output)));
  const isSame = stampMtimeMs > 0 && readFileSync(stamp, 'utf8') === names;
  /** @param {string} file */
  const isOlder = (file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) <= stampMtimeMs;
  if (isComplete && isSame && files.every(isOlder)) return;
  const started = new Date();
  process.stderr.write(`${TASK_NOTICES[task]} ...\n`);
  await runPnpm(['exec', 'turbo', 'run', task, '--output-logs=errors-only'], options);
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, names);
  // A file that was changed while the task ran is newer than the stamp.
  utimesSync(stamp, started, started);
}

/**
 * Makes the git-ignored generated files that tests and types need: compiled WebAssembly and the text of workers.
 * Installs first when needed.
 *
 * @param {QuietOption} [options]
 */
export function ensureGenerated(options = {}) {
  return ensureTask('generate', 'src/generated', options);
}

/**
 * Builds every package when a `dist` is missing or a source file is newer than the last build. Installs first when needed.
 *
 * @param {QuietOption} [options]
 */
export function ensureBuilt(options = {}) {
  return ensureTask('build', 'dist', options);
}

/**
 * Builds what a release holds: the code of every package and its declarations. Installs first when needed.
 *
 * @param {QuietOption} [options]
 */
export async function ensureReleasable(options = {}) {
  await ensureBuilt(options);
  await ensureTask('declarations', 'dist/index.d.ts', options);
}

/**
 * Runs a built program of the workspace in this process, with this process's arguments; builds first when needed.
 *
 * @param {string} file Relative to the root, such as `packages/cli/dist/bin.js`.
 * @param {QuietOption} [options]
 */
export function runBuilt(file, options = {}) {
  runMain(async () => {
    await ensureBuilt(options);
    await import(pathToFileURL(path.join(root, file)).href);
  });
}

/**
 * Runs a script's `main` and turns a {@link WorkspaceError} into its sentence on stderr and exit code 1.
 *
 * @param {() => Promise<number | void>} main Resolves to the exit code; nothing leaves it as it is.
 */
export function runMain(main) {
  main().then(
    (code) => {
      if (code !== undefined) process.exitCode = code;
    },
    (error) => {
      process.stderr.write(`${error instanceof WorkspaceError ? error.message : (error?.stack ?? error)}\n`);
      process.exitCode = 1;
    },
  );
}
