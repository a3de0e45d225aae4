// Compiles assembly/ to WebAssembly and the worker to text, both as TypeScript modules under src/generated:
// binaries and worker then travel inside the bundle, and nothing has to be found on disk at run time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import ts from 'typescript';

const root = new URL('..', import.meta.url);
const output = new URL('src/generated/', root);

const VARIANTS = [
  { file: 'simd.ts', constant: 'SIMD_MODULE', features: ['simd', 'threads'] },
  { file: 'relaxed-simd.ts', constant: 'RELAXED_SIMD_MODULE', features: ['simd', 'threads', 'relaxed-simd'] },
];

/** The bytes of one build of assembly/index.ts. */
async function compile(features) {
  const written = new Map();
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      '--outFile=kernels.wasm',
      '--runtime=stub',
      '--optimizeLevel=3',
      '--shrinkLevel=0',
      '--noAssert',
      '--importMemory',
      '--sharedMemory',
      '--initialMemory=2',
      '--maximumMemory=65536',
      '--use=abort=',
      ...features.map((feature) => `--enable=${feature}`),
    ],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(new URL(name, new URL(`${base}/`, root)), 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (name, contents) => void written.set(name, contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`AssemblyScript: ${stderr.toString()}`, { cause: error });
  return written.get('kernels.wasm');
}

/** The worker as one script without imports or exports, ending in the call that starts it. */
function workerText() {
  const source = readFileSync(new URL('src/wasm-worker.ts', root), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true },
  });
  return `${outputText.replace(/^export (?!\{)/gm, '').replace(/^export \{.*$/gm, '')}startWorker();\n`;
}

function write(file, constant, value) {
  const text = `/** Written by scripts/generate.mjs. */\nexport const ${constant}: string =\n  ${JSON.stringify(value)};\n`;
  writeFileSync(new URL(file, output), text);
}

mkdirSync(output, { recursive: true });
for (const { file, constant, features } of VARIANTS) {
  write(file, constant, Buffer.from(await compile(features)).toString('base64'));
}
write('worker.ts', 'WORKER_TEXT', workerText());
