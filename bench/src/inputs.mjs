/**
 * The real texts that the entries work on, as JSON files that both sides read. Made once, kept in `.cache`. Packages are
 * imported when they are used, so that the names of the entries are known before anything is built.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BenchError } from './bench-error.mjs';
import { cacheFolder, dataPath } from './folders.mjs';

/**
 * The path of the JSON file `name` in the cache, made by `make` when it is not there.
 *
 * @param {string} name
 * @param {() => unknown} make
 */
function cachedJson(name, make) {
  const file = path.join(cacheFolder, `${name}.json`);
  if (existsSync(file)) return file;
  process.stderr.write(`  choosing texts: ${name}\n`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(make()));
  renameSync(`${file}.new`, file);
  return file;
}

/**
 * @param {string} file
 * @returns {any[]}
 */
function readLines(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** @param {string} folder */
const jsonLinesIn = (folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .map((file) => path.join(folder, file));

/**
 * So many of `items`, evenly spaced; all of them when there are fewer.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} count
 * @returns {T[]}
 */
function evenlySpaced(items, count) {
  if (count >= items.length) return [...items];
  return Array.from({ length: count }, (_, i) => /** @type {T} */ (items[Math.floor((i * items.length) / count)]));
}

const tatoebaRows = () => jsonLinesIn(dataPath('multilingual', 'eval', 'tatoeba')).flatMap(readLines);
const englishTrainFiles = () => jsonLinesIn(dataPath('english', 'train'));

/** @param {'bert-base-uncased' | 'bert-base-multilingual-uncased'} name */
export function tokenizerFile(name) {
  return dataPath('tokenizers', `${name}.json`);
}

/**
 * The English side of Tatoeba: short sentences, 88,877 in all.
 *
 * @param {number} count
 */
export function shortSentences(count) {
  return cachedJson(`sentences-${count}`, () =>
    evenlySpaced(
      tatoebaRows().map(({ english }) => english),
      count,
    ),
  );
}

/**
 * The other side of Tatoeba: as many sentences in 112 languages.
 *
 * @param {number} count
 */
export function multilingualSentences(count) {
  return cachedJson(`multilingual-sentences-${count}`, () =>
    evenlySpaced(
      tatoebaRows().map(({ non_english }) => non_english),
      count,
    ),
  );
}

/**
 * Medical answers and pairs of sentences of Wikipedia: some hundred to some thousand tokens each.
 *
 * @param {number} count
 */
export function documents(count) {
  return cachedJson(`documents-${count}`, () => {
    const files = ['medquad', 'wikisplit'].map((name) => dataPath('english', 'train', `${name}.jsonl`));
    const texts = files.flatMap(readLines).map(({ positive }) => positive);
    return evenlySpaced([...new Set(texts)], count);
  });
}

/**
 * The first words of `text`, about `share` of its characters.
 *
 * @param {string} text
 * @param {number} share At most 1.
 */
function firstWords(text, share) {
  const part = text.slice(0, Math.ceil(text.length * share));
  return part.slice(0, Math.max(part.lastIndexOf(' '), 1));
}

/**
 * Distinct English texts whose tokens are within a tenth of `tokens`; longer ones are cut after a word.
 *
 * @param {number} tokens
 * @param {number} count
 */
export async function textsOfTokens(tokens, count) {
  const { loadTokenizer } = await import('@embedbag/tokenization');
  const tokenizer = await loadTokenizer(tokenizerFile('bert-base-uncased'));
  /** @param {string[]} texts */
  const lengths = (texts) => {
    const { offsets } = tokenizer.tokenize(texts);
    return texts.map((_, i) => Number(offsets[i + 1]) - Number(offsets[i]));
  };
  return cachedJson(`texts-of-${tokens}-tokens-${count}`, () => {
    const texts = [...new Set(englishTrainFiles().flatMap(readLines).flatMap(Object.values))];
    const shares = lengths(texts).map((length) => Math.min(1, tokens / length));
    const cut = [...new Set(texts.map((text, i) => (shares[i] === 1 ? text : firstWords(text, shares[i] ?? 1))))];
    const cutLengths = lengths(cut);
    const fitting = cut.filter((_, i) => Math.abs((cutLengths[i] ?? 0) - tokens) <= tokens / 10);
    if (fitting.length < count) {
      throw new BenchError(
        `Expected ${count} texts of about ${tokens} tokens in the data, received ${fitting.length}.`,
      );
    }
    return evenlySpaced(fitting, count);
  });
}

/**
 * The English training files, the first `share` of the rows of each.
 *
 * @param {number} share At most 1.
 * @returns A folder of .jsonl files.
 */
export function englishTraining(share) {
  if (share === 1) return dataPath('english', 'train');
  const folder = path.join(cacheFolder, `english-train-${share}`);
  mkdirSync(folder, { recursive: true });
  for (const file of englishTrainFiles()) {
    const target = path.join(folder, path.basename(file));
    if (existsSync(target)) continue;
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    writeFileSync(`${target}.new`, `${lines.slice(0, Math.ceil(lines.length * share)).join('\n')}\n`);
    renameSync(`${target}.new`, target);
  }
  return folder;
}

/** The files of parallel sentences, in the order of their folders. */
const multilingualTrainFiles = () =>
  ['tatoeba', 'python-docs', 'tldr'].flatMap((name) => jsonLinesIn(dataPath('multilingual', 'train', name)));

/** Files of fewer rows are left out of the multilingual recipe. */
const LEAST_ROWS = 100;

/**
 * The multilingual training files of 100 rows or more, the first `share` of the rows of each, with the columns `anchor` and
 * `positive`.
 *
 * @param {number} share At most 1.
 * @returns A folder of .jsonl files.
 */
export function multilingualTraining(share) {
  const folder = path.join(cacheFolder, `multilingual-train-${share}`);
  mkdirSync(folder, { recursive: true });
  for (const file of multilingualTrainFiles()) {
    const target = path.join(folder, `${path.basename(path.dirname(file))}-${path.basename(file)}`);
    if (existsSync(target)) continue;
    const rows = readLines(file);
    if (rows.length < LEAST_ROWS) continue;
    const kept = rows.slice(0, Math.ceil(rows.length * share));
    const pairsOf = kept.map(({ english, non_english }) => JSON.stringify({ anchor: english, positive: non_english }));
    writeFileSync(`${target}.new`, `${pairsOf.join('\n')}\n`);
    renameSync(`${target}.new`, target);
  }
  return folder;
}

/** Every pair of texts in the training data of both recipes, in the order of the files. */
function allPairs() {
  const files = [...englishTrainFiles(), ...multilingualTrainFiles()];
  return files.flatMap(readLines).map((row) => [row.anchor ?? row.english, row.positive ?? row.non_english]);
}

/**
 * Rows of two columns. There are 914,688 real pairs; further rows pair each first text with the second of the row 7,919
 * places on, and so on.
 *
 * @param {number} count
 */
export function pairs(count) {
  return cachedJson(`pairs-${count}`, () => {
    const real = allPairs();
    const few = count < real.length ? evenlySpaced(real, count) : real;
    const at = (/** @type {number} */ i) => /** @type {[string, string]} */ (few[i % few.length]);
    const rows = Array.from({ length: count }, (_, i) => i);
    return {
      anchors: rows.map((i) => at(i)[0]),
      positives: rows.map((i) => at(i + 7919 * Math.floor(i / few.length))[1]),
    };
  });
}

/**
 * A retrieval task of WordNet: find a word's definition among many.
 *
 * @param {number} documentCount At most the 100,000 of the table.
 * @param {number} queryCount
 */
export function definitions(documentCount, queryCount) {
  return cachedJson(`definitions-${documentCount}-${queryCount}`, () => {
    const rows = readLines(dataPath('english', 'train', 'wordnet-lemma-definition.jsonl')).slice(0, documentCount);
    const corpus = Object.fromEntries(rows.map(({ positive }, row) => [`d${row}`, positive]));
    const asked = evenlySpaced([...rows.keys()], queryCount);
    return {
      corpus,
      queries: Object.fromEntries(asked.map((row) => [`q${row}`, rows[row].anchor])),
      relevantDocs: Object.fromEntries(asked.map((row) => [`q${row}`, [`d${row}`]])),
    };
  });
}
