/**
 * Prints on how many texts `@huggingface/tokenizers` gives other ids than Hugging Face's Rust tokenizers: the figures of
 * the README. Run it with `node scripts/measure-mismatch.mjs <folder with golden/ and data/>`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { BPE, byteLevelPreTokenizer, Tokenizer as RustTokenizer } from 'tokenizers';

const shared = process.argv[2];
if (shared === undefined)
  throw new Error('Expected the folder that holds `golden` and `data`, received nothing. Name it.');

/** @param {string} file */
const read = (file) => readFileSync(path.join(shared, file), 'utf8');

/** @param {string} file */
const readColumns = (file) =>
  read(file)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => /** @type {string[]} */ (Object.values(JSON.parse(line))));

/** @type {string[]} */
const adversarial = JSON.parse(read('golden/tokenization/texts.json'));
const plain = readColumns('data/english/train/wordnet-example-definition.jsonl');

/**
 * @param {string} name
 * @param {string} json
 */
async function measure(name, json) {
  const rust = RustTokenizer.fromString(json);
  const other = new Tokenizer(JSON.parse(json), {});
  for (const [kind, texts] of Object.entries({ adversarial, plain })) {
    const encodings = await rust.encodeBatch(texts, { addSpecialTokens: false });
    const different = texts.filter(
      (text, index) =>
        other.encode(text, { add_special_tokens: false }).ids.join() !== encodings[index].getIds().join(),
    );
    console.log(`${name}: ${different.length} of ${texts.length} ${kind} texts`);
  }
}

/** A byte-level BPE vocabulary of 30,000 entries, as GPT-2 has one. */
function trainByteLevel() {
  const folder = mkdtempSync(path.join(tmpdir(), 'mismatch-'));
  try {
    writeFileSync(path.join(folder, 'texts.txt'), plain.join('\n'));
    const tokenizer = new RustTokenizer(BPE.empty());
    tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
    tokenizer.train([path.join(folder, 'texts.txt')]);
    tokenizer.save(path.join(folder, 'tokenizer.json'), false);
    return readFileSync(path.join(folder, 'tokenizer.json'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const name of ['bert-base-uncased', 'bert-base-multilingual-uncased']) {
  await measure(name, read(`data/tokenizers/${name}.json`));
}
await measure('byte-level BPE', trainByteLevel());
