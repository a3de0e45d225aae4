import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { BenchError } from './bench-error.mjs';
import { benchFolder } from './folders.mjs';

/**
 * @typedef {object} SideDefinition
 * @property {string} name As the table shows it.
 * @property {'node' | 'python'} language
 * @property {string} module The file in `sides/` or `python/`, without its extension.
 * @property {string} [variant] What the module is asked for where it knows several, such as `bfloat16`.
 * @property {boolean} [isAvailable] Whether the side can run here. Default: true.
 * @property {readonly string[]} [packages] Python packages whose versions belong to the figure.
 */

/**
 * @typedef {object} RoundResult
 * @property {number} seconds
 * @property {number} count How many units of work that were.
 * @property {Readonly<Record<string, number>>} [figures] Beside the time.
 * @property {number} peakBytes The most memory the process has held so far.
 */

/** @typedef {Readonly<Record<string, 'float32' | 'int32' | 'float64'>>} OutputArrays Type by name. */

/** The processes that are running; all of them end when the bench does. */
const running = /** @type {Set<import('node:child_process').ChildProcess>} */ (new Set());

/** @param {import('node:child_process').ChildProcess} child */
function kill(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    // The whole group: a peer may have workers of its own.
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/** Ends every process that was started here, at once. */
export function killAllSides() {
  for (const child of running) kill(child);
}

/** What the sides find in their environment. */
function sideEnvironment() {
  // Node 20 parses these certificates at every start, some 30 ms, and no side opens a connection.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return { ...env, TOKENIZERS_PARALLELISM: 'true', HF_HUB_OFFLINE: '1', PYTHONDONTWRITEBYTECODE: '1' };
}

/**
 * Starts a process in a group of its own, so that all of it can be ended.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
export function startProcess(command, args) {
  const child = spawn(command, [...args], {
    cwd: benchFolder,
    detached: process.platform !== 'win32',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: sideEnvironment(),
  });
  running.add(child);
  child.on('close', () => running.delete(child));
  return child;
}

/**
 * The command that runs a file of `sides/` or `python/`.
 *
 * @param {'node' | 'python'} language
 * @param {string} file Without its extension.
 * @param {string | undefined} python
 */
export function commandFor(language, file, python) {
  if (language === 'node') {
    return { command: process.execPath, args: [path.join(benchFolder, 'sides', `${file}.mjs`)] };
  }
  return { command: python ?? 'python3', args: ['-u', path.join(benchFolder, 'python', `${file}.py`)] };
}

/** One side of a comparison: a process that prepares once and then works on command, one JSON line each way. */
export class SideProcess {
  /**
   * @param {SideDefinition} definition
   * @param {string | undefined} python The interpreter of the peers.
   */
  constructor(definition, python) {
    this.definition = definition;
    const { command, args } = commandFor(definition.language, 'serve', python);
    this.child = startProcess(command, [...args, definition.module, definition.variant ?? '']);
    /** The last lines it said on stderr, for when it fails. */
    this.said = '';
    this.child.stderr?.on('data', (chunk) => {
      this.said = (this.said + chunk).slice(-4000);
    });
    this.child.stdin?.on('error', () => {});
    this.answers = createInterface({ input: /** @type {import('node:stream').Readable} */ (this.child.stdout) })[
      Symbol.asyncIterator
    ]();
    this.ended = new Promise((resolve) => {
      this.child.on('close', resolve);
      this.child.on('error', (error) => {
        this.said += error.message;
        resolve(undefined);
      });
    });
  }

  /**
   * Sends a request and resolves to the answer. Rejects with a {@link BenchError} when the side fails or ends.
   *
   * @param {Readonly<Record<string, unknown>>} request
   * @returns {Promise<any>}
   */
  async ask(request) {
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.answers.next();
    if (done === true) {
      await this.ended;
      throw new BenchError(`The side \`${this.definition.name}\` ended. The last it said:\n${this.said}`);
    }
    const answer = JSON.parse(value);
    if (answer.error === undefined) return answer.result;
    throw new BenchError(`The side \`${this.definition.name}\` failed:\n${answer.error}`);
  }

  /**
   * @param {Readonly<Record<string, unknown>>} settings Of a case.
   * @returns {Promise<{ note?: string } | undefined>}
   */
  prepare(settings) {
    return this.ask({ command: 'prepare', settings });
  }

  /** @returns {Promise<RoundResult>} */
  round() {
    return this.ask({ command: 'round' });
  }

  /**
   * Writes what the last round computed into `folder`, a raw file a name.
   *
   * @param {string} folder
   * @returns {Promise<OutputArrays>}
   */
  output(folder) {
    return this.ask({ command: 'output', folder });
  }

  /** Ends the process and waits until it is gone. */
  async end() {
    this.child.stdin?.end();
    kill(this.child);
    await this.ended;
  }
}
