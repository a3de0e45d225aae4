"""Writes packages/distillation/src/fixtures/tiny-teacher: a two-layer encoder with random weights, and what it gives.

    pnpm build && bench/.python/bin/python bench/python/write_tiny_teacher.py

It is in ONNX as @huggingface/transformers reads it; expected.json holds the mean of its hidden states by PyTorch, for texts
and for single tokens between [CLS] and [SEP]. Needs what export_onnx.py needs.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from export_onnx import export
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packages/distillation/src/fixtures/tiny-teacher"
TEXTS = ["", "bread", "how do I bake bread", "the rain in spain stays in the plain " * 3, "B\u00e4cker, 2024!"]
TOKENS = ["bread", "##ad", "[unused0]", "[UNK]", "!"]

SCRIPT = """
import { trainWordPiece } from './packages/tokenization/dist/index.js';
const texts = ['how do I bake bread at home?', 'the rain in spain stays mainly in the plain!', 'a bread, a baker: 2024'];
const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '[unused0]'];
process.stdout.write(trainWordPiece(texts, { vocabularySize: 90, minFrequency: 1, specialTokens }));
"""


def mean_of(model: BertModel, ids: list[int]) -> list[float]:
    given = torch.tensor([ids])
    with torch.inference_mode():
        hidden = model(input_ids=given, attention_mask=torch.ones_like(given)).last_hidden_state
    return [round(value, 7) for value in hidden[0].mean(0).tolist()]


def main() -> None:
    command = ["node", "--input-type=module", "-e", SCRIPT]
    tokenizer_json = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tokenizer = Tokenizer.from_str(tokenizer_json)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.5,
    )
    model = BertModel(config).eval()
    with tempfile.TemporaryDirectory() as name:
        source = Path(name)
        model.save_pretrained(source)
        (source / "tokenizer.json").write_text(tokenizer_json)
        settings = {"tokenizer_class": "BertTokenizer", "model_max_length": 64, "pad_token": "[PAD]", "do_lower_case": True}
        settings |= {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
        (source / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
        shutil.rmtree(FOLDER, ignore_errors=True)
        export(source, FOLDER)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    expected = {
        "texts": [[text, mean_of(model, tokenizer.encode(text).ids)] for text in TEXTS],
        "tokens": [[token, mean_of(model, [cls, tokenizer.token_to_id(token), sep])] for token in TOKENS],
    }
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
