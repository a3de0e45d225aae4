import { mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import * as losses from '@embedbag/losses';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUILT_IN_LOSSES } from './built-in-losses.js';
import { capturedRun } from './captured-run.js';
import { type TinyFiles, tinyFiles } from './tiny-files.js';

let files: TinyFiles;
beforeAll(async () => {
  files = await tinyFiles();
});
afterAll(() => files.dispose());

let runs = 0;

const train = (...more: string[]): string[] => {
  runs += 1;
  return [
    ...['train', '--train', files.pairs, '--model', files.model, '--batch-size', '4', '--backend', 'typescript'],
    ...['--output', join(files.folder, `output-${runs}`), ...more],
  ];
};

/** Trains, and returns the saved table and the model card. */
async function trained(...more: string[]): Promise<{ readonly table: Buffer; readonly card: string }> {
  const argv = train(...more);
  const { exitCode, stderr } = await capturedRun(argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr });
  const folder = join(files.folder, `output-${runs}`, 'final');
  return {
    table: await readFile(join(folder, 'model.safetensors')),
    card: await readFile(join(folder, 'README.md'), 'utf8'),
  };
}

/** The sentence on stderr of a run that is refused. */
async function refusal(...more: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await capturedRun(train(...more));
  expect(stdout.toString('utf8')).toBe('');
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr });
  return stderr.slice(stderr.indexOf('error: ') + 'error: '.length).trimEnd();
}

/** A module whose `scaledLoss` pulls a pair together, and what else is given. */
function moduleText(more = ''): string {
  return `export const scaledLoss = ({ strength = 1 } = {}) => ({
  contract: 'embedbag/loss@1',
  name: 'ScaledLoss',
  config: { strength },
  columns: { min: 2, max: 2, labels: 'none' },
  citation: '@misc{scaled}',
  compute({ embeddings: [a, b], rows }, gradients) {
    let loss = 0;
    for (let i = 0; i < a.length; i++) {
      const difference = a[i] - b[i];
      loss += (strength * difference * difference) / rows;
      if (!gradients) continue;
      gradients[0][i] = (2 * strength * difference) / rows;
      gradients[1][i] = -gradients[0][i];
    }
    return loss;
  },
});
${more}`;
}

test('a module with a function that makes a loss trains, with its options, under its own name', async () => {
  const path = await files.file('scaled.mjs', moduleText());
  const one = await trained('--loss', path);
  expect(one.card).toContain('ScaledLoss');
  expect(one.card).toContain('@misc{scaled}');
  expect((await trained('--loss', path, '--loss-options', '{"strength":1}')).table.equals(one.table)).toBe(true);
  const strong = await trained('--loss', path, '--loss-options', '{"strength":9}');
  expect(strong.card).toMatch(/"strength": ?9/);
  expect((await trained()).card).not.toContain('ScaledLoss');
});

test('a loss itself, a promised loss, a default export and a chosen one are taken', async () => {
  const { table } = await trained('--loss', await files.file('factory.mjs', moduleText()));
  const variants = {
    'loss.mjs': moduleText('').replace('export const scaledLoss', 'const make').concat('export const loss = make();'),
    'promise.mjs': moduleText('')
      .replace('export const', 'const')
      .concat('export const late = async () => scaledLoss();'),
    'default.mjs': moduleText('export const other = () => ({});\nexport default scaledLoss;'),
    'common.cjs': moduleText('').replace('export const', 'const').concat('module.exports = { scaledLoss };'),
    'texts.mjs': moduleText('export const VERSION = "1";\nexport const LIMITS = { margin: 1 };'),
  };
  for (const [name, text] of Object.entries(variants)) {
    const path = await files.file(name, text);
    expect((await trained('--loss', path)).table.equals(table), name).toBe(true);
  }
  const two = await files.file('two.mjs', moduleText('export const other = () => ({});'));
  expect((await trained('--loss', `${two}#scaledLoss`)).table.equals(table)).toBe(true);
  const here = `./${relative(process.cwd(), two)}#scaledLoss`;
  expect((await trained('--loss', here)).table.equals(table)).toBe(true);
});

test('a module that is not there, does not load or exports no loss is refused in a sentence', async () => {
  const missing = join(files.folder, 'nowhere.mjs');
  expect(await refusal('--loss', missing)).toBe(
    `Expected a JavaScript module at ${missing} for \`--loss\`, received no such file. Check the path, which begins at the current folder, ${process.cwd()}.`,
  );
  const throwing = await files.file('throws.mjs', 'export const a = 1;\nthrow new TypeError("no\\nluck");');
  expect(await refusal('--loss', throwing)).toBe(
    `Expected ${throwing} to load as a module, received TypeError: no at throws.mjs:2:7. Run \`node ${throwing}\` to see where.`,
  );
  const syntax = await files.file('syntax.mjs', 'export const loss = {;');
  expect(await refusal('--loss', syntax)).toMatch(/^Expected .*syntax\.mjs to load as a module, received /);
  const empty = await files.file('empty.mjs', 'const a = 1;');
  expect(await refusal('--loss', empty)).toBe(
    `Expected ${empty} to export a loss or a function that makes one, received the exports none. Export it by name.`,
  );
  const texts = await files.file('only-texts.mjs', 'export const a = 1;\nexport const b = { c: 2 };');
  expect(await refusal('--loss', texts)).toContain('received the exports `a`, `b`. Export it by name.');
});

test('an export that is no loss is told what it lacks', async () => {
  const nearly = `export const loss = { contract: 'embedbag/loss@0', name: '', config: { f() {} }, columns: { min: 0, max: 'b', labels: 'x' }, prepare: 1 };`;
  const path = await files.file('nearly.mjs', nearly);
  expect(await refusal('--loss', path)).toBe(
    `Expected \`loss\` of ${path} to be a loss, received something else: \`contract\` must be \`embedbag/loss@1\`; \`name\` must be a string; \`config\` must be an object of plain JSON; \`columns.min\` must be a whole number of at least 1; \`columns.max\` must be a whole number of at least \`columns.min\`, or left out; \`columns.labels\` must be \`none\`, \`score\`, \`class\` or \`vector\`; \`compute\` must be a function; \`prepare\` must be a function, or left out. \`testLoss\` of @embedbag/testing checks a loss.`,
  );
  const nothing = await files.file('nothing.mjs', 'export const myLoss = () => undefined;');
  expect(await refusal('--loss', nothing)).toBe(
    `Expected \`myLoss\` of ${nothing} to return a loss, received something else: it must be an object, and is undefined. \`testLoss\` of @embedbag/testing checks a loss.`,
  );
  const failing = await files.file('failing.mjs', 'export const myLoss = (options) => options.margin.value;');
  expect(await refusal('--loss', failing)).toMatch(
    /^Expected `myLoss` of .*failing\.mjs to make a loss, received TypeError: .* at failing\.mjs:1:\d+\. Check `--loss-options`\.$/,
  );
});

test('several exports that may be the loss ask for a choice', async () => {
  const path = await files.file('several.mjs', moduleText('export const other = scaledLoss();'));
  expect(await refusal('--loss', path)).toBe(
    `Expected one loss in ${path}, received 2 exports that may be one: \`other\`, \`scaledLoss\`. Choose with \`--loss ${path}#other\`.`,
  );
  expect(await refusal('--loss', `${path}#third`)).toBe(
    `Expected ${path} to export \`third\`, received the exports \`other\`, \`scaledLoss\`. Name one of them behind \`#\`.`,
  );
});

test('options that the loss does not know are refused', async () => {
  const path = await files.file('options.mjs', moduleText('export const ready = scaledLoss();'));
  expect(await refusal('--loss', `${path}#scaledLoss`, '--loss-options', '{"strenght":2}')).toBe(
    `Expected options that \`scaledLoss\` of ${path} puts into its \`config\`, which has \`strength\`, received \`strenght\`. Correct the name, or let the loss keep it in \`config\`.`,
  );
  expect(await refusal('--loss', `${path}#ready`, '--loss-options', '{"strength":2}')).toBe(
    `Expected no options for \`ready\` of ${path}, which is a loss and not a function that makes one, received \`strength\`. Leave them out, or export a function that takes them.`,
  );
  expect(await refusal('--loss', 'triplet', '--loss-options', '{"margn":2}')).toBe(
    'Expected the options of loss `triplet` to be `distanceMetric`, `margin`, received `margn`. Correct the name or leave it out.',
  );
  expect(await refusal('--loss', 'triplet', '--loss-options', '{"margin":"2"}')).toBe(
    'Expected `margin` to be a number from 0 up, received "2". The default is 5.',
  );
  expect(await refusal('--loss', 'gist', '--scale', '20')).toContain('received `scale`');
  expect(await refusal('--scale', '20', '--loss-options', '{"scale":3}')).toBe(
    'Expected `--scale` or `scale` in `--loss-options`, received both. Give one of them.',
  );
  for (const json of ['[1]', '{', '3', 'null']) {
    expect(await refusal('--loss-options', json)).toContain('Give a JSON object in single quotes');
  }
});

test('a mistake of the plugin while training is told as the plugin’s, with the place', async () => {
  const make = (method: string): string =>
    `const right = scaledLoss();\nexport const bad = { ...right, ${method} { null.x; } };`;
  for (const method of ['compute()', 'async prepare()']) {
    const name = method.includes('prepare') ? 'prepare' : 'compute';
    const path = await files.file(`bad-${name}.mjs`, moduleText(make(method)));
    expect(await refusal('--loss', `${path}#bad`)).toMatch(
      new RegExp(
        `^Expected \`${name}\` of loss \`ScaledLoss\` from .*bad-${name}\\.mjs to work on every batch, received TypeError: .* at bad-${name}\\.mjs:\\d+:\\d+\\. Run it through \`testLoss\` of @embedbag/testing\\.$`,
      ),
    );
  }
});

test('a Matryoshka loss of a module is taken as it is', async () => {
  const text = moduleText('export const own = { ...scaledLoss(), name: "MatryoshkaLoss" };');
  const path = `${await files.file('matryoshka.mjs', text)}#own`;
  await trained('--loss', path);
  expect(await refusal('--loss', path, '--matryoshka-dims', '8')).toBe(
    `Expected no \`--matryoshka-dims\` for ${path}, which is a Matryoshka loss with dims of its own, received 8. Leave them out.`,
  );
});

test('an unknown name is refused with the names there are', async () => {
  expect(await refusal('--loss', 'gits')).toBe(
    `Expected \`--loss\` to be one of ${Object.keys(BUILT_IN_LOSSES)
      .map((name) => `\`${name}\``)
      .join(
        ', ',
      )}, the path of a module such as ./my-loss.js or an installed package, received \`gits\`. Begin a path with \`./\`.`,
  );
});

test('a wrong loss is refused before the data are read', async () => {
  const { exitCode, stderr } = await capturedRun([
    ...['train', '--train', await files.file('broken.jsonl', '{'), '--model', files.model, '--backend', 'typescript'],
    ...['--output', join(files.folder, 'never'), '--loss', 'gits'],
  ]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('received `gits`');
});

test('a built-in loss is chosen by name, a guide by the path of its model', async () => {
  const plain = await trained();
  expect((await trained('--loss', 'multiple-negatives-ranking', '--loss-options', '{"scale":20}')).table).toEqual(
    plain.table,
  );
  expect((await trained('--scale', '5')).table).toEqual((await trained('--loss-options', '{"scale":5}')).table);
  const gist = await trained('--loss', 'gist', '--loss-options', JSON.stringify({ guide: files.model, margin: 0.05 }));
  expect(gist.card).toContain('GISTEmbedLoss');
  expect(gist.card).toContain(files.model);
  expect(gist.table.equals(plain.table)).toBe(false);
  const distilled = { teacher: files.model, truncateTeacher: true };
  expect(
    (await trained('--loss', 'embedding-distillation', '--loss-options', JSON.stringify(distilled))).card,
  ).toContain('EmbedDistillLoss');
  expect(await refusal('--loss', 'embedding-distillation')).toContain('takes a vector label');
  expect(await refusal('--loss', 'gist')).toBe(
    'Expected `--loss-options` to name a model folder, or one that `embedbag guide` made, as `guide`, received nothing. Give one such as \'{"guide": "my-model/final"}\'.',
  );
  const folder = join(files.folder, 'no-model');
  await mkdir(folder, { recursive: true });
  expect(await refusal('--loss', 'gist', '--loss-options', JSON.stringify({ guide: folder }))).toContain(folder);
});

test('every loss has a name, but for the one that all of them run in', () => {
  const factories = Object.keys(losses).filter((name) => name.endsWith('Loss') && name !== 'matryoshkaLoss');
  const names = factories.map((name) =>
    name.replace(/(Embed)?Loss$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
  expect(names.sort()).toEqual(Object.keys(BUILT_IN_LOSSES).sort());
});

test.each(Object.keys(BUILT_IN_LOSSES))('the built-in loss %s can be made of its options', async (name) => {
  const { options, create } = BUILT_IN_LOSSES[name]!;
  const role = options.find((option) => option === 'guide' || option === 'teacher');
  const guide = { guide: () => undefined as never, guideName: 'folder' };
  const loss = await create(role === undefined ? {} : { [role]: 'folder' }, async () => guide);
  // What the user may set is in the config, or names what is.
  for (const option of options) {
    if (!['guideName', 'teacherName'].includes(option)) expect(Object.keys(loss.config)).toContain(option);
  }
});
