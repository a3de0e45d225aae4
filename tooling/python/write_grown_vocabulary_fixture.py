"""Writes packages/tokenization/src/fixtures/grown-vocabulary.json: ids of Hugging Face's tokenizers for grown vocabularies.

    pnpm build && python tooling/python/write_grown_vocabulary_fixture.py

Needs `tokenizers` 0.22 or newer, and ../shared/data and ../shared/golden. The built packages/tokenization makes the
tokenizer.json files; the ids in the fixture are those that the Rust library gives for them.
"""

import hashlib
import json
import subprocess
from pathlib import Path

from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"

CASE = {
    "trainingTexts": [
        "the cat sat on the mat",
        "a cat scatters the hats",
        "dogs and cats sit",
        "the dog sat in the hat",
    ],
    "add": ["Z\u00fcrich", "kitten", "scatter", "\u732b", "2024", "don't", "sat", "e\u0301clair", "x" * 101],
    "drop": "ha|\\[never",
    "texts": [
        "",
        "The cat sat on the mat.",
        "Z\u00dcRICH kittens scatter, scattered hats in 2024",
        "\u00c9clair \u00e9clairs \u732b\u732b 20242024 don't",
        "kitten[UNK]kitten [PAD] [CLS] [SEP]",
        "hat that \U0001f600 a\u0301\u0327 unknown",
        "x" * 101 + " " + "kitten" * 20,
    ],
}

SCRIPT = """
import { readFileSync } from 'node:fs';
import { changeVocabulary, createWordCounter, trainWordPiece } from './packages/tokenization/dist/index.js';
const { kind, ...given } = JSON.parse(readFileSync(0, 'utf8'));
if (kind === 'small') {
  const base = trainWordPiece(given.trainingTexts, { vocabularySize: 80, minFrequency: 1 });
  const drop = new RegExp(given.drop);
  process.stdout.write(changeVocabulary(base, { add: given.add, drop, forStaticModel: true }).json);
} else {
  const counter = createWordCounter(given.json);
  counter.add(given.texts);
  const add = counter.newWords({ limit: 1000, minFrequency: 1 });
  const { json } = changeVocabulary(given.json, { add, drop: /\\[unused\\d+\\]/ });
  process.stdout.write(JSON.stringify({ words: add.length, json }));
}
"""


def run(**given: object) -> str:
    command = ["node", "--input-type=module", "-e", SCRIPT]
    return subprocess.run(
        command, cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, check=True
    ).stdout


def ids_of(tokenizer_json: str, texts: list[str]) -> list[list[int]]:
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def main() -> None:
    small = run(kind="small", **CASE)
    texts = json.loads((SHARED / "golden/tokenization/texts.json").read_text())
    bert_json = (SHARED / "data/tokenizers/bert-base-uncased.json").read_text()
    bert = json.loads(run(kind="bert", json=bert_json, texts=texts))
    bert_ids = json.dumps(ids_of(bert["json"], texts), separators=(",", ":"))
    fixture = {
        **CASE,
        "sha256": hashlib.sha256(small.encode()).hexdigest(),
        "ids": ids_of(small, CASE["texts"]),
        "bert": {"words": bert["words"], "idsSha256": hashlib.sha256(bert_ids.encode()).hexdigest()},
    }
    path = ROOT / "packages/tokenization/src/fixtures/grown-vocabulary.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(fixture, indent=2) + "\n")


if __name__ == "__main__":
    main()
