/** The Python that the peers run in: the one that is named, or an environment of the bench's own. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../../tooling/workspace.mjs';
import { BenchError } from './bench-error.mjs';
import { benchFolder } from './folders.mjs';

const requirementsFile = path.join(benchFolder, 'python', 'requirements.txt');
const environmentFolder = path.join(benchFolder, '.python');
const OLDEST_PYTHON = [3, 11];

/** Prints the versions of Python and of the packages it is asked for, as JSON. */
const VERSIONS_SCRIPT = `
import importlib.metadata, json, platform, sys
versions = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(versions))
`;

/** @returns {Map<string, string>} The wanted versions by name. */
function requirements() {
  const lines = readFileSync(requirementsFile, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => /** @type {[string, string]} */ (line.split('=='))));
}

/**
 * The versions of Python and of the required packages, or undefined when `python` does not run.
 *
 * @param {string} python
 * @returns {Record<string, string> | undefined}
 */
function versionsOf(python) {
  try {
    const args = ['-c', VERSIONS_SCRIPT, ...requirements().keys()];
    return JSON.parse(execFileSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return undefined;
  }
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = OLDEST_PYTHON;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** What a person can do who has no Python for the peers. */
const REMEDY =
  'Install one from https://www.python.org, name a Python that has the packages of bench/python/requirements.txt in EMBEDBAG_BENCH_PYTHON, or measure our side alone with --no-peers.';

/** A Python that can make an environment. */
function findPython() {
  const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];
  const found = candidates.find((name) => isNewEnough(versionsOf(name)?.python ?? '0'));
  if (found !== undefined) return found;
  throw new BenchError(`Expected Python ${OLDEST_PYTHON.join('.')} or newer as \`python3\`, found none. ${REMEDY}`);
}

/** Makes the environment unless it holds what requirements.txt says. */
async function ownPython() {
  const windows = process.platform === 'win32';
  const python = path.join(environmentFolder, windows ? 'Scripts' : 'bin', windows ? 'python.exe' : 'python');
  const stamp = path.join(environmentFolder, 'requirements.txt');
  const wanted = readFileSync(requirementsFile, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  const base = findPython();
  process.stderr.write(
    'Installing the Python peers into bench/.python, several GB with torch; this happens once ...\n',
  );
  rmSync(environmentFolder, { recursive: true, force: true });
  await runCommand(base, ['-m', 'venv', environmentFolder]);
  await runCommand(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirementsFile]);
  writeFileSync(stamp, wanted);
  return python;
}

/**
 * The interpreter of the peers and the versions it has. Installs them when no interpreter is named.
 * Throws a {@link BenchError} when there is none or when it lacks a package.
 *
 * @returns {Promise<{ python: string, versions: Readonly<Record<string, string>> }>}
 */
export async function preparePeers() {
  const named = process.env.EMBEDBAG_BENCH_PYTHON;
  const python = named === undefined || named === '' ? await ownPython() : named;
  const versions = versionsOf(python);
  if (versions === undefined) {
    throw new BenchError(`Expected a Python that runs, received \`${python}\`. ${REMEDY}`);
  }
  const others = [...requirements()].filter(([name, version]) => versions[name] !== version);
  const missing = others.filter(([name]) => versions[name] === undefined).map(([name]) => name);
  if (missing.length > 0) {
    throw new BenchError(`Expected \`${python}\` to have ${missing.join(', ')}, found none. ${REMEDY}`);
  }
  for (const [name, version] of others) {
    process.stderr.write(`${name} is ${versions[name]}, not the ${version} of bench/python/requirements.txt.\n`);
  }
  return { python, versions };
}
