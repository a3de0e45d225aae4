import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EmbedbagError, type TextGuide } from '@embedbag/core';
import { guideFromModel } from '@embedbag/losses';
import type { StaticEmbedding } from '@embedbag/static-embedding';
import {
  checkUse,
  isAddress,
  isVectors,
  openEndpoint,
  openTransformer,
  type TeacherOptions,
} from './teacher-source.js';

/** A model that embeds whole texts. */
export interface OpenedGuide {
  readonly guide: TextGuide;
  /** Short, without the folders above; says nothing of this machine. */
  readonly name: string;
  /** Another one after a change of the model. */
  readonly version: string;
  dispose(): Promise<void>;
}

/**
 * The teacher that the options name, as a guide: an endpoint by its address, a folder with a static model, else a transformer in
 * ONNX.
 *
 * @throws EmbedbagError `missing-option`, `conflicting-options`, `teacher-not-of-texts`, and what the teachers throw.
 */
export async function openGuide(
  options: TeacherOptions,
  loadModel: (folder: string) => Promise<StaticEmbedding>,
  signal: AbortSignal,
): Promise<OpenedGuide> {
  const { teacher: source, teacherModel = '', pooling = 'mean', dtype = 'fp32', maxTokens } = options;
  if (isAddress(source)) {
    checkUse(options, 'an endpoint');
    const guide = openEndpoint(options);
    return { guide, name: teacherModel, version: teacherModel, dispose: async () => undefined };
  }
  if (isVectors(source)) throw notOfTexts(source);
  if (await isStaticModel(source)) {
    checkUse(options, 'a static model');
    const model = await loadModel(source);
    const version = await hashOfModel(source, [], signal);
    return { guide: guideFromModel(model), name: shortName(source), version, dispose: async () => model.dispose() };
  }
  checkUse(options, 'a transformer');
  const teacher = await openTransformer(options);
  const isFolder = (await stat(source).catch(() => undefined)) !== undefined;
  const settings = [
    ...(pooling === 'mean' ? [] : [pooling]),
    ...(dtype === 'fp32' ? [] : [dtype]),
    ...(maxTokens === undefined ? [] : [`${maxTokens} tokens`]),
  ];
  const name = [isFolder ? shortName(source) : source, ...settings].join(' ');
  const version = isFolder ? await hashOfModel(source, settings, signal) : name;
  return { guide: teacher, name, version, dispose: () => teacher.dispose() };
}

function notOfTexts(source: string): EmbedbagError {
  return new EmbedbagError({
    code: 'teacher-not-of-texts',
    message: `Expected \`--teacher\` to be a model that embeds texts, received \`${source}\`, a file of vectors. Name a folder with a model, or an endpoint.`,
    details: { source },
  });
}

/** Whether a folder has the settings of a static model of sentence-transformers or model2vec. */
async function isStaticModel(folder: string): Promise<boolean> {
  const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8').catch(() => '');
  return (
    (await text('modules.json')).includes('StaticEmbedding') || (await text('config.json')).includes('"model2vec"')
  );
}

/** `all-MiniLM-L6-v2` of a path to it; of `my-model/final` both. */
function shortName(path: string): string {
  const whole = resolve(path);
  const name = basename(whole);
  return /^(final|checkpoint-\d+)$/.test(name) ? `${basename(dirname(whole))}/${name}` : name;
}

/** A hash of the files that make a model, below any folder in it, and of the settings. */
async function hashOfModel(folder: string, settings: readonly string[], signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  const entries = await readdir(folder, { recursive: true });
  for (const name of entries.filter((entry) => /\.(onnx|onnx_data|safetensors|json)$/.test(entry)).sort()) {
    hash.update(name);
    await pipeline(createReadStream(join(folder, name)), hash, { end: false, signal });
  }
  return hash.digest('hex');
}
