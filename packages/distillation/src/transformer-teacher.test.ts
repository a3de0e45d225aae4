import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Matrix, TextPlace } from '@embedbag/core';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { loadTokenizer } from '@embedbag/tokenization';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distill } from './distill.js';
import { HAS_TRANSFORMERS, TRANSFORMERS_FOLDER } from './fixtures/transformers-folder.js';
import { loadTransformers } from './load-transformers.js';
import { transformerTeacher } from './transformer-teacher.js';

const folder = fileURLToPath(new URL('./fixtures/tiny-teacher', import.meta.url));
const place: TextPlace = { dataset: 'tokens', column: 0, rows: new Int32Array(0) };
let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedbag-teacher-'));
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

type Expected = readonly (readonly [string, readonly number[]])[];

async function expected(): Promise<{ texts: Expected; tokens: Expected }> {
  return JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')) as { texts: Expected; tokens: Expected };
}

function expectRows(matrix: Matrix, rows: Expected): void {
  expect([matrix.rows, matrix.columns]).toEqual([rows.length, 16]);
  for (const [row, [text, values]] of rows.entries()) {
    for (const [column, value] of values.entries()) {
      expect(matrix.data[row * 16 + column], `${text}, column ${column}`).toBeCloseTo(value, 4);
    }
  }
}

describe.skipIf(!HAS_TRANSFORMERS)('transformerTeacher', () => {
  const from = TRANSFORMERS_FOLDER;

  it("gives PyTorch's mean of the hidden states, for texts of any length together", async () => {
    const teacher = await transformerTeacher(folder, { from });
    const { texts } = await expected();
    expectRows(
      await teacher(
        texts.map(([text]) => text),
        undefined,
        place,
      ),
      texts,
    );
    await teacher.dispose();
  });

  it('gives a token of its vocabulary by its id between the special tokens', async () => {
    const teacher = await transformerTeacher(folder, { from });
    const { tokens, texts } = await expected();
    expectRows(
      await teacher.tokens(
        tokens.map(([token]) => token),
        undefined,
        place,
      ),
      tokens,
    );
    // A word that is no token is a text.
    expectRows(await teacher.tokens(['how do I bake bread'], undefined, place), [texts[2]!]);
    await teacher.dispose();
  });

  it('takes the first hidden state where it is asked to, and cuts texts', async () => {
    const [mean, first] = [
      await transformerTeacher(folder, { from }),
      await transformerTeacher(folder, { from, pooling: 'cls' }),
    ];
    const [a, b] = [await mean(['bread'], undefined, place), await first(['bread'], undefined, place)];
    expect(b.data).not.toEqual(a.data);
    const cut = await transformerTeacher(folder, { from, maxTokens: 3 });
    const [short, long] = [await cut(['bread'], undefined, place), await cut(['bread bread bread'], undefined, place)];
    expect(long.data).toEqual(short.data);
    for (const teacher of [mean, first, cut]) await teacher.dispose();
  });

  it('asks nothing of the network and leaves the settings of the package as they were', async () => {
    const { env } = loadTransformers(from);
    const before = { allowRemoteModels: env.allowRemoteModels, localModelPath: env.localModelPath };
    const teacher = await transformerTeacher(folder, { from });
    await teacher.dispose();
    expect({ allowRemoteModels: env.allowRemoteModels, localModelPath: env.localModelPath }).toEqual(before);
  });

  it('is distilled into a model', async () => {
    const teacher = await transformerTeacher(folder, { from });
    const tokenizer = await loadTokenizer(folder);
    const kernels = createTypeScriptKernels();
    const { model, report } = await distill(teacher, { tokenizer, teacherName: 'tiny', kernels, pca: 16, sif: null });
    expect(report).toMatchObject({ teacherDimension: 16, pca: 16, droppedTokens: 4 });
    const { tokens } = await expected();
    const [a, b, c] = ['bread', '##ad', '!'].map((token) => tokens.find(([name]) => name === token)![1]);
    const ids = ['bread', '##ad', '!'].map((token) => model.tokenizer.tokenToId(token)!);
    const row = (id: number): number[] => [...model.table.data.subarray(id * 16, id * 16 + 16)];
    const distance = (x: readonly number[], y: readonly number[]): number => Math.hypot(...x.map((v, i) => v - y[i]!));
    // Principal components keep the proportions of distances.
    const made = distance(row(ids[0]!), row(ids[1]!)) / distance(row(ids[0]!), row(ids[2]!));
    expect(made).toBeCloseTo(distance(a!, b!) / distance(a!, c!), 4);
    model.dispose();
    await teacher.dispose();
  });

  it('ends with the reason of its signal', async () => {
    const teacher = await transformerTeacher(folder, { from });
    await expect(teacher(['bread'], AbortSignal.abort(new Error('enough')), place)).rejects.toThrow('enough');
    await teacher.dispose();
  });

  it('says what the package said of a damaged model', async () => {
    const damaged = join(temporary, 'damaged');
    await cp(folder, damaged, { recursive: true });
    await writeFile(join(damaged, 'onnx', 'model.onnx'), 'no model');
    await expect(transformerTeacher(damaged, { from })).rejects.toThrow(
      new RegExp(
        `^Expected @huggingface/transformers 4\\.\\d+\\.\\d+ to load \`${damaged}\`, received: .+ Check that it is a text encoder in ONNX\\.$`,
      ),
    );
  });
});

describe('a source that is no teacher', () => {
  it('is a folder without ONNX', async () => {
    const bare = join(temporary, 'bare');
    await mkdir(bare);
    await cp(join(folder, 'config.json'), join(bare, 'config.json'));
    await cp(join(folder, 'tokenizer.json'), join(bare, 'tokenizer.json'));
    await expect(transformerTeacher(bare)).rejects.toThrow(
      `Expected \`onnx/model.onnx\` in the teacher's folder \`${bare}\`, received \`config.json\`, \`tokenizer.json\`. Export the model to ONNX, such as with \`optimum-cli export onnx\`, and put the model into \`onnx\`.`,
    );
    await expect(transformerTeacher(folder, { dtype: 'q8' })).rejects.toThrow(
      'Expected `onnx/model_quantized.onnx` in',
    );
  });

  it('is neither a folder nor an id', async () => {
    await expect(transformerTeacher('./no/such/folder')).rejects.toThrow(
      'Expected `./no/such/folder` to be a folder with a model in ONNX or the id of a model of the hub, received neither. Check the path.',
    );
  });

  it('needs @huggingface/transformers', async () => {
    await expect(transformerTeacher(folder, { from: temporary })).rejects.toThrow(
      `Expected the package \`@huggingface/transformers\` for a teacher in ONNX, received none. Run \`npm install @huggingface/transformers\` in \`${temporary}\`.`,
    );
  });
});
