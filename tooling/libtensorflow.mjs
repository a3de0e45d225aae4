/**
 * `node tooling/libtensorflow.mjs [--optional]`: native TensorFlow for the tests and the bench of @embedbag/tensorflow.
 *
 * The install script of @tensorflow/tfjs-node downloads a prebuilt library from a host of its own. Here the same packages are
 * installed without scripts, and their binding is compiled against the libtensorflow inside PyPI's `tensorflow-cpu` wheel.
 * All of it lies in `.cache/libtensorflow`, or where EMBEDBAG_LIBTENSORFLOW says, outside of the lockfile: it is
 * gigabytes, and nothing that embedbag publishes needs it.
 *
 * Needs Linux on x64, Node 20 or 22 with its headers, npm, g++, Python with pip, and about 2 GB. With `--optional` a machine
 * that lacks any of these is told so and the exit code stays 0; the native tests are then skipped.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import util from 'node:util';
import { capture } from './check/capture.mjs';
import { readJson, root, runMain, WorkspaceError } from './workspace.mjs';

const TENSORFLOW_VERSION = '2.18.1';
const TFJS_VERSION = '4.22.0';
/** Each is compiled the same binding; the second is told from the first by its name alone. */
const NATIVE_PACKAGES = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'];
const PLAIN_PACKAGES = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];
const NAPI_VERSION = 8;
/** What of the wheel is needed: the libraries, and the headers that the C interface includes. */
const WHEEL_PREFIXES = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/c/',
];

/** The folder in whose node_modules native TensorFlow lies, whether it is there yet or not. */
const libtensorflowFolder = process.env.EMBEDBAG_LIBTENSORFLOW ?? path.join(root, '.cache', 'libtensorflow');

/** What the folder was made of; another recipe makes it again. */
const RECIPE = { tensorflow: TENSORFLOW_VERSION, tfjs: TFJS_VERSION, napi: NAPI_VERSION };

const recipeFile = () => path.join(libtensorflowFolder, 'recipe.json');

function isReady() {
  return existsSync(recipeFile()) && JSON.stringify(readJson(recipeFile())) === JSON.stringify(RECIPE);
}

/** @param {string} text */
function progress(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function runs(command, args) {
  return capture(command, args, { cwd: root }).then(
    () => true,
    () => false,
  );
}

/** The folder of Node's own headers. */
async function headersFolder() {
  const besideNode = path.join(path.dirname(process.execPath), '..', 'include', 'node');
  const configured = await capture('npm', ['config', 'get', 'nodedir'], { cwd: root }).catch(() => '');
  const folders = [besideNode, path.join(configured.trim() || '.', 'include', 'node')];
  return folders.find((folder) => existsSync(path.join(folder, 'node_api.h')));
}

/**
 * What this machine has for the build.
 *
 * @returns {Promise<{ python: string, headers: string }>}
 */
async function findTools() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new WorkspaceError(`Expected Linux on x64, received ${process.platform} on ${process.arch}.`);
  }
  if (!('isNullOrUndefined' in util)) {
    throw new WorkspaceError(
      `Expected Node 20 or 22, on which @tensorflow/tfjs-node runs, received ${process.version}.`,
    );
  }
  if (!(await runs('g++', ['--version']))) throw new WorkspaceError('Expected g++, received none.');
  const headers = await headersFolder();
  if (headers === undefined) throw new WorkspaceError("Expected Node's headers beside Node, received none.");
  for (const python of ['python3', 'python']) {
    if (await runs(python, ['-m', 'pip', '--version'])) return { python, headers };
  }
  throw new WorkspaceError('Expected Python with pip, received none.');
}

/**
 * The libraries and headers of libtensorflow, unpacked into `folder`.
 *
 * @param {string} python
 * @param {string} folder
 */
async function unpackLibrary(python, folder) {
  progress(`Downloading tensorflow-cpu ${TENSORFLOW_VERSION} ...`);
  const wheels = path.join(folder, 'wheel');
  const target = ['--only-binary=:all:', '--platform', 'manylinux_2_17_x86_64', '--python-version', '3.11'];
  const download = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', ...target];
  await capture(python, [...download, '--dest', wheels, `tensorflow-cpu==${TENSORFLOW_VERSION}`], { cwd: folder });
  const [wheel] = readdirSync(wheels);
  const unpack = path.join(root, 'tooling', 'python', 'unpack_wheel.py');
  await capture(python, [unpack, path.join(wheels, String(wheel)), folder, ...WHEEL_PREFIXES], { cwd: folder });
  rmSync(wheels, { recursive: true });
}

/**
 * Installs the packages without their scripts.
 *
 * @param {string} folder
 */
async function installPackages(folder) {
  progress(`Installing TensorFlow.js ${TFJS_VERSION} without its scripts ...`);
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  const names = [...NATIVE_PACKAGES, ...PLAIN_PACKAGES].map((name) => `${name}@${TFJS_VERSION}`);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', '--loglevel=error'];
  await capture('npm', ['install', ...quiet, ...names], { cwd: folder });
}

/**
 * Compiles the binding and puts it into both native packages.
 *
 * @param {string} folder
 * @param {string} headers
 */
async function compileBinding(folder, headers) {
  progress('Compiling the binding ...');
  const modules = path.join(folder, 'node_modules');
  const library = path.join(folder, 'tensorflow');
  const first = path.join(modules, String(NATIVE_PACKAGES[0]));
  const sources = readdirSync(path.join(first, 'binding')).filter((file) => file.endsWith('.cc'));
  const include = [first, path.join(library, 'include'), headers].map((place) => `-I${place}`);
  const link = [`-L${library}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'];
  const binding = path.join(folder, 'tfjs_binding.node');
  const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${NAPI_VERSION}`, ...include];
  const files = sources.map((file) => path.join(first, 'binding', file));
  await capture('g++', [...flags, ...files, '-o', binding, ...link, '-Wl,-rpath,$ORIGIN/../../deps/lib'], {
    cwd: folder,
  });
  for (const name of NATIVE_PACKAGES) {
    const home = path.join(modules, name);
    mkdirSync(path.join(home, 'deps'));
    symlinkSync(path.relative(path.join(home, 'deps'), library), path.join(home, 'deps', 'lib'));
    mkdirSync(path.join(home, 'lib', `napi-v${NAPI_VERSION}`), { recursive: true });
    cpSync(binding, path.join(home, 'lib', `napi-v${NAPI_VERSION}`, 'tfjs_binding.node'));
  }
}

/** @param {string} folder */
async function tryIt(folder) {
  const sum = `const tf = require('@tensorflow/tfjs-node'); console.log(tf.getBackend(), tf.add(1, 2).dataSync()[0]);`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const said = await capture(process.execPath, ['-e', sum], { cwd: folder, env });
  if (said.trim() === 'tensorflow 3') return;
  throw new WorkspaceError(`Expected native TensorFlow to say \`tensorflow 3\`, received \`${said.trim()}\`.`);
}

async function make() {
  const { python, headers } = await findTools();
  const parent = path.dirname(libtensorflowFolder);
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'libtensorflow-'));
  try {
    await unpackLibrary(python, folder);
    await installPackages(folder);
    await compileBinding(folder, headers);
    await tryIt(folder);
    writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify(RECIPE));
    rmSync(libtensorflowFolder, { recursive: true, force: true });
    renameSync(folder, libtensorflowFolder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  if (isReady()) return progress(`Native TensorFlow is ready in ${libtensorflowFolder}`);
  const startedAt = performance.now();
  try {
    await make();
  } catch (error) {
    if (!process.argv.includes('--optional') || !(error instanceof WorkspaceError)) throw error;
    return progress(`Native TensorFlow is left out, its tests will be skipped. ${error.message}`);
  }
  progress(
    `Native TensorFlow is in ${libtensorflowFolder}, made in ${Math.round((performance.now() - startedAt) / 1000)} s`,
  );
}

runMain(main);
