/**
 * Writes src/unicode-tables.ts: what Hugging Face's Rust tokenizer knows about every code point, asked of it code point
 * by code point through its Node binding. Run it with `node scripts/generate-unicode-tables.mjs` when the binding changes.
 *
 * The Rust crates behind it follow different versions of Unicode, none of them the JavaScript engine's, so neither
 * `\p{..}` nor `normalize` nor `toLowerCase` can stand in for these tables.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { bertNormalizer, bertPreTokenizer, nfdNormalizer, Tokenizer } from 'tokenizers';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const HANGUL_START = 0xac00;
const HANGUL_END = 0xd7a3;

const off = { cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false };
const clean = bertNormalizer({ ...off, cleanText: true });
const chinese = bertNormalizer({ ...off, handleChineseChars: true });
const strip = bertNormalizer({ ...off, stripAccents: true });
const lower = bertNormalizer({ ...off, lowercase: true });
const nfd = nfdNormalizer();
const preTokenizer = bertPreTokenizer();

/** @type {number[]} */
const codePoints = [];
for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
  if (codePoint < 0xd800 || codePoint > 0xdfff) codePoints.push(codePoint);
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
function demand(condition, message) {
  if (!condition) throw new Error(message);
}

/** @param {string} text */
const toCodePoints = (text) => Array.from(text, (character) => /** @type {number} */ (character.codePointAt(0)));

/**
 * Base-64 digits of five bits each, lowest first, 32 added where more follow.
 *
 * @param {number} value
 */
function encodeNumber(value) {
  let text = '';
  let rest = value;
  while (rest >= 32) {
    text += DIGITS[(rest & 31) | 32];
    rest = Math.floor(rest / 32);
  }
  return text + DIGITS[rest];
}

/** @param {number} value */
const encodeSigned = (value) => encodeNumber(value < 0 ? -2 * value - 1 : 2 * value);

/** @param {Iterable<number>} members */
function encodeRanges(members) {
  let text = '';
  let previousEnd = 0;
  let start = -1;
  let end = -1;
  const flush = () => {
    if (start < 0) return;
    text += encodeNumber(start - previousEnd) + encodeNumber(end - start);
    previousEnd = end + 1;
  };
  for (const member of members) {
    if (member !== end + 1 || start < 0) {
      flush();
      start = member;
    }
    end = member;
  }
  flush();
  return text;
}

/**
 * Runs of equally spaced code points that all move by the same amount.
 *
 * @param {Map<number, number>} mapping
 */
function encodeShifts(mapping) {
  const entries = [...mapping].sort((a, b) => a[0] - b[0]);
  let text = '';
  let previous = 0;
  let at = 0;
  while (at < entries.length) {
    const [start, target] = entries[at];
    const stride = (entries[at + 1]?.[0] ?? start + 1) - start;
    let count = 1;
    const next = () => entries[at + count];
    if (stride <= 2) {
      while (next() && next()[0] === start + count * stride && next()[1] - next()[0] === target - start) count += 1;
    }
    text +=
      encodeNumber(start - previous) + encodeNumber(count * 2 + (stride === 2 ? 1 : 0)) + encodeSigned(target - start);
    previous = start;
    at += count;
  }
  return text;
}

/**
 * For each entry the distance to the one before, the number of code points, and each as a distance from the one before.
 *
 * @param {Map<number, number[]>} mapping
 */
function encodeSequences(mapping) {
  let text = '';
  let previousKey = 0;
  let previousValue = 0;
  for (const [key, values] of [...mapping].sort((a, b) => a[0] - b[0])) {
    // A distance of at least 1 and at most two code points are the rule: both in one number.
    text += encodeNumber((key - previousKey) * 4 + Math.min(values.length, 3));
    if (values.length >= 3) text += encodeNumber(values.length);
    for (const value of values) {
      text += encodeSigned(value - previousValue);
      previousValue = value;
    }
    previousKey = key;
  }
  return text;
}

// Cleaning and the classes of the pre-tokenizer.
const removed = [];
const whitespace = [];
const punctuation = [];
const ideographs = [];
for (const codePoint of codePoints) {
  const character = String.fromCodePoint(codePoint);
  const cleaned = clean.normalizeString(character);
  const pieces = preTokenizer.preTokenizeString(`a${character}a`).map(([piece]) => piece);
  const isWhitespace = pieces.length === 2;
  if (cleaned === '') removed.push(codePoint);
  else if (cleaned === ' ') demand(isWhitespace, `cleaned to a space, yet no space: ${codePoint.toString(16)}`);
  else demand(cleaned === character && !isWhitespace, `cleaned to something else: ${codePoint.toString(16)}`);
  if (isWhitespace) whitespace.push(codePoint);
  else if (pieces.length === 3) punctuation.push(codePoint);
  else demand(pieces.length === 1, `splits into ${pieces.length} pieces: ${codePoint.toString(16)}`);
  const spaced = chinese.normalizeString(character);
  if (spaced === ` ${character} `) ideographs.push(codePoint);
  else demand(spaced === character, `spaced in another way: ${codePoint.toString(16)}`);
}

// Canonical decomposition. A mark that is removed leaves no trace unless its combining class is 0: then it is a barrier
// that keeps the marks on either side of it apart.
const nonspacing = new Set();
const ordered = new Map();
for (const codePoint of codePoints) {
  const character = String.fromCodePoint(codePoint);
  if (nfd.normalizeString(character) !== character) continue;
  if (strip.normalizeString(character) === '') nonspacing.add(codePoint);
  const afterOverlay = `a${character}\u0334`;
  const afterAcute = `a\u0301${character}`;
  const moves = nfd.normalizeString(afterOverlay) !== afterOverlay || nfd.normalizeString(afterAcute) !== afterAcute;
  if (moves || codePoint === 0x301) ordered.set(codePoint, 0);
}
/** The first code point of each combining class, in the order of the classes. */
const classes = [];
for (const codePoint of ordered.keys()) {
  const character = String.fromCodePoint(codePoint);
  const comesAfter = (/** @type {number} */ other) => {
    const pair = `a${character}${String.fromCodePoint(other)}`;
    return nfd.normalizeString(pair) !== pair;
  };
  const comesBefore = (/** @type {number} */ other) => {
    const pair = `a${String.fromCodePoint(other)}${character}`;
    return nfd.normalizeString(pair) !== pair;
  };
  let rank = 0;
  while (rank < classes.length && comesAfter(classes[rank])) rank += 1;
  if (rank === classes.length || comesBefore(classes[rank])) classes.splice(rank, 0, codePoint);
}
for (const codePoint of ordered.keys()) {
  const character = String.fromCodePoint(codePoint);
  const rank = classes.findIndex((other) => {
    const pair = `a${character}${String.fromCodePoint(other)}`;
    const turned = `a${String.fromCodePoint(other)}${character}`;
    return nfd.normalizeString(pair) === pair && nfd.normalizeString(turned) === turned;
  });
  demand(rank >= 0, `no combining class: ${codePoint.toString(16)}`);
  ordered.set(codePoint, rank + 1);
}
const barriers = new Set([...nonspacing].filter((codePoint) => !ordered.has(codePoint)));
const survivors = new Map([...ordered].filter(([codePoint]) => !nonspacing.has(codePoint)));

const stripped = new Map();
for (const codePoint of codePoints) {
  const character = String.fromCodePoint(codePoint);
  const decomposed = toCodePoints(nfd.normalizeString(character));
  const kept = decomposed.filter((part) => !nonspacing.has(part));
  demand(
    strip.normalizeString(character) === String.fromCodePoint(...kept),
    `not its decomposition without marks: ${codePoint.toString(16)}`,
  );
  if (decomposed.length === 1 && decomposed[0] === codePoint) continue;
  if (decomposed.some((part) => barriers.has(part))) {
    demand(
      kept.every((part) => !survivors.has(part)),
      `a barrier beside a mark that stays: ${codePoint.toString(16)}`,
    );
    if (kept.length === 0) barriers.add(codePoint);
  }
  if (codePoint >= HANGUL_START && codePoint <= HANGUL_END) {
    const index = codePoint - HANGUL_START;
    const jamo = [0x1100 + Math.floor(index / 588), 0x1161 + Math.floor((index % 588) / 28), 0x11a7 + (index % 28)];
    if (index % 28 === 0) jamo.pop();
    demand(jamo.join() === kept.join(), `not its jamo: ${codePoint.toString(16)}`);
    continue;
  }
  stripped.set(codePoint, kept);
}
// Marks that vanish and do not decompose are in `nonspacing`; those that do decompose are here, with nothing kept.

// Lower case, one code point at a time: no final sigma, no locale.
const lowercase = new Map();
const longLowercase = new Map();
for (const codePoint of codePoints) {
  const character = String.fromCodePoint(codePoint);
  const result = toCodePoints(lower.normalizeString(character));
  if (result.length > 1) longLowercase.set(codePoint, result);
  else if (result[0] !== codePoint) lowercase.set(codePoint, result[0]);
}

// Word characters (`\w`) and whitespace (`\s`) as the rules of added tokens see them.
const addedToken = (/** @type {string} */ content, /** @type {object} */ rules) => ({
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: false,
  ...rules,
});
const added = Tokenizer.fromString(
  JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    added_tokens: [
      { id: 1, ...addedToken('<word>', { single_word: true }) },
      { id: 2, ...addedToken('<strip>', { lstrip: true }) },
    ],
    model: {
      type: 'WordPiece',
      unk_token: 'u',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { u: 0 },
    },
  }),
);
const wordCharacters = [];
const whitespaceSet = new Set(whitespace);
for (let start = 0; start < codePoints.length; start += 20_000) {
  const chunk = codePoints.slice(start, start + 20_000);
  const texts = chunk.flatMap((codePoint) => {
    const character = String.fromCodePoint(codePoint);
    return [`${character}<word>`, `<word>${character}`, `${character}<strip>`];
  });
  const ids = (await added.encodeBatch(texts, null)).map((encoding) => encoding.getIds());
  chunk.forEach((codePoint, index) => {
    const before = !ids[3 * index].includes(1);
    demand(before === !ids[3 * index + 1].includes(1), `a word character on one side only: ${codePoint.toString(16)}`);
    if (before) wordCharacters.push(codePoint);
    const isSpace = ids[3 * index + 2].length === 1;
    demand(isSpace === whitespaceSet.has(codePoint), `two kinds of whitespace: ${codePoint.toString(16)}`);
  });
}

const version = JSON.parse(
  readFileSync(new URL('../node_modules/tokenizers/package.json', import.meta.url), 'utf8'),
).version;
const tables = [
  ['REMOVED_RANGES', 'Code points that `clean_text` removes.', encodeRanges(removed)],
  ['WHITESPACE_RANGES', 'Code points that separate words.', encodeRanges(whitespace)],
  ['PUNCTUATION_RANGES', 'Code points that are words of their own.', encodeRanges(punctuation)],
  ['IDEOGRAPH_RANGES', 'Code points that `handle_chinese_chars` puts between spaces.', encodeRanges(ideographs)],
  ['NONSPACING_RANGES', 'Marks that `strip_accents` removes.', encodeRanges(nonspacing)],
  [
    'BARRIER_RANGES',
    'What vanishes so and has combining class 0: marks are not ordered across it.',
    encodeRanges([...barriers].sort((a, b) => a - b)),
  ],
  [
    'ORDERED_MARKS',
    'Marks that stay, and the rank of their combining class.',
    encodeSequences(new Map([...survivors].map(([k, v]) => [k, [v]]))),
  ],
  [
    'STRIPPED_SEQUENCES',
    'Canonical decompositions without the marks that are removed; Hangul syllables are left to arithmetic.',
    encodeSequences(stripped),
  ],
  ['LOWERCASE_SHIFTS', 'Lower case of one code point.', encodeShifts(lowercase)],
  ['LOWERCASE_SEQUENCES', 'Lower case of more than one code point.', encodeSequences(longLowercase)],
  ['WORD_RANGES', 'Code points that `single_word` counts as part of a word.', encodeRanges(wordCharacters)],
];
const source = `// Generated by scripts/generate-unicode-tables.mjs from tokenizers ${version}. Do not edit.\n${tables
  .map(([name, comment, text]) => `\n/** ${comment} */\nexport const ${name}: string =\n  '${text}';\n`)
  .join('')}`;
writeFileSync(new URL('../src/unicode-tables.ts', import.meta.url), source);
for (const [name, , text] of tables) console.log(`${name}: ${text.length} characters`);
console.log(`ordered marks: ${[...survivors.keys()].map((codePoint) => codePoint.toString(16)).join(' ')}`);
