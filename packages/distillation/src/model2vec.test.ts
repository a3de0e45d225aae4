import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { loadTokenizer } from '@embedbag/tokenization';
import { expect, it } from 'vitest';
import { distill } from './distill.js';
import { teacherFromVectors } from './teacher-from-vectors.js';

const folder = fileURLToPath(new URL('./fixtures/tiny-teacher', import.meta.url));

async function fixture<Content>(name: string): Promise<Content> {
  return JSON.parse(await readFile(`${folder}/${name}`, 'utf8')) as Content;
}

it('gives the tokens and the similarities of model2vec 0.10 with the same teacher', async () => {
  const { vectors } = await fixture<{ vectors: readonly (readonly number[])[] }>('expected.json');
  const peer = await fixture<{ vocabulary: string[]; texts: string[]; cosines: number[][] }>('model2vec.json');
  const tokenizer = await loadTokenizer(folder);
  const teacher = teacherFromVectors(
    { data: Float32Array.from(vectors.flat()), rows: vectors.length, columns: 16 },
    { tokenizer },
  );
  const kernels = createTypeScriptKernels();
  const { model } = await distill(teacher, { tokenizer, teacherName: 'tiny', pca: 8, kernels });
  const { vocabularySize } = model.tokenizer;
  expect(Array.from({ length: vocabularySize }, (_, id) => model.tokenizer.idToToken(id))).toEqual(peer.vocabulary);
  const embeddings = model.encode(peer.texts);
  const cosines = model.similarity(embeddings, embeddings);
  for (const [row, values] of peer.cosines.entries()) {
    for (const [column, value] of values.entries()) {
      expect(Math.abs(cosines.data[row * peer.texts.length + column]! - value)).toBeLessThan(1e-3);
    }
  }
  model.dispose();
});
