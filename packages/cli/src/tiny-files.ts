import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { tokenizerFromJson, trainWordPiece } from '@embedbag/tokenization';

const SENTENCES = [
  'the cat sat on the mat',
  'a dog ran over the green hill',
  'read a file from disk',
  'write bytes to a socket',
  'the sum of two numbers',
  'open the door of the house',
  'paint the wall in white',
  'boil water for the tea',
];

/** A temporary folder with everything a command needs; for tests. */
export interface TinyFiles {
  readonly folder: string;
  /** A tokenizer.json. */
  readonly tokenizer: string;
  /** A model folder with 16 dims. */
  readonly model: string;
  /** A .jsonl file of eight pairs. */
  readonly pairs: string;
  /** A BEIR folder. */
  readonly retrieval: string;
  /** Writes `text` to a file of that name in the folder and returns its path. */
  file(name: string, text: string | Uint8Array): Promise<string>;
  dispose(): Promise<void>;
}

/** Makes {@link TinyFiles}. */
export async function tinyFiles(): Promise<TinyFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'embedbag-cli-'));
  const file = async (name: string, text: string | Uint8Array): Promise<string> => {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  };
  const json = trainWordPiece(SENTENCES, { vocabularySize: 200 });
  const tokenizer = await file('tokenizer.json', json);
  const kernels = createTypeScriptKernels();
  const model = await StaticEmbedding.create({ tokenizer: tokenizerFromJson(json), dimension: 16, seed: 1, kernels });
  await model.save(join(folder, 'model'));
  model.dispose();
  kernels.dispose();
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const question = (sentence: string): string => sentence.split(' ').slice(1, 4).join(' ');
  const pairs = await file(
    'pairs.jsonl',
    lines(SENTENCES.map((positive) => ({ anchor: question(positive), positive }))),
  );
  const retrieval = join(folder, 'retrieval');
  await file('retrieval/corpus.jsonl', lines(SENTENCES.map((text, row) => ({ _id: `d${row}`, text }))));
  await file(
    'retrieval/queries.jsonl',
    lines(SENTENCES.map((text, row) => ({ _id: `q${row}`, text: question(text) }))),
  );
  const qrels = SENTENCES.map((_, row) => `q${row}\td${row}\t1\n`).join('');
  await file('retrieval/qrels/test.tsv', `query-id\tcorpus-id\tscore\n${qrels}`);
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { folder, tokenizer, model: join(folder, 'model'), pairs, retrieval, file, dispose };
}
