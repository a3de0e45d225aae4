"""Writes packages/distillation/src/fixtures/tiny-teacher: a two-layer encoder with random weights, and what it gives.

    pnpm build && ../onnx-export/bin/python bench/python/write_tiny_teacher.py

It is in ONNX as @huggingface/transformers reads it; expected.json holds the mean of its hidden states by PyTorch, for texts
and for single tokens between [CLS] and [SEP]. model2vec.json holds what model2vec 0.10 distils from it: the vocabulary, and
the cosines of texts, with 8 principal components and SIF weights. Needs what export_onnx.py needs, and `model2vec[distill]`.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from export_onnx import export
from model2vec.distill import distill_from_model
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertConfig, BertModel

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packages/distillation/src/fixtures/tiny-teacher"
TEXTS = ["", "bread", "how do I bake bread", "the rain in spain stays in the plain " * 3, "B\u00e4cker, 2024!"]
STUDENT_TEXTS = ["how do I bake bread", "the rain in spain", "a baker in 2024!", "bread at home", "the plain stays"]
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


def distilled(model: BertModel, folder: Path) -> dict[str, object]:
    student = distill_from_model(
        model,
        AutoTokenizer.from_pretrained(folder, use_fast=True),
        pca_dims=8,
        sif_coefficient=1e-4,
        quantize_to="float32",
    )
    vocabulary = student.tokenizer.get_vocab()
    embeddings = student.encode(STUDENT_TEXTS).astype(np.float64)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return {
        "vocabulary": sorted(vocabulary, key=vocabulary.get),
        "texts": STUDENT_TEXTS,
        "cosines": [[round(value, 6) for value in row] for row in (embeddings @ embeddings.T).tolist()],
    }


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
        student = distilled(model, source)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    expected = {
        "texts": [[text, mean_of(model, tokenizer.encode(text).ids)] for text in TEXTS],
        "vectors": [mean_of(model, [cls, token, sep]) for token in range(config.vocab_size)],
        "tokens": [[token, mean_of(model, [cls, tokenizer.token_to_id(token), sep])] for token in TOKENS],
    }
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    (FOLDER / "model2vec.json").write_text(json.dumps(student, indent=1) + "\n")


if __name__ == "__main__":
    main()
