"""Shows that sentence-transformers loads a model that embedbag saved, and computes the same embeddings.

    pip install sentence-transformers
    python tooling/python/compare_embeddings.py --model output/retrieval-en/final

Both sides embed the same texts; the largest absolute difference must be at most 1e-5. Exit code 0 when it is, 1 when it
is not, 2 when something is missing. Texts of thousands of tokens are left out: torch adds their rows one after the other in
float32, which alone is off by more than that.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5
TEXTS = [
    "Which planet is known as the Red Planet?",
    "Mars, known for its reddish appearance, is often referred to as the Red Planet.",
    "",
    "   ",
    "İstanbul'da \u00e7ay i\u00e7tik, \u4f60\u597d\uff0c\u4e16\u754c, e\u0301 [MASK] \U0001f44d\U0001f3fd",
    "x" * 101,
    "supercalifragilisticexpialidocious " * 30,
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, type=Path, help="a folder that embedbag saved")
    parser.add_argument("--texts", type=Path, help="a .jsonl file of strings to embed as well")
    arguments = parser.parse_args()
    try:
        import numpy
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        print(f"{error}. Install it first: pip install sentence-transformers", file=sys.stderr)
        return 2

    texts = list(TEXTS)
    if arguments.texts is not None:
        texts += [json.loads(line) for line in arguments.texts.read_text(encoding="utf-8").splitlines() if line]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.jsonl"), Path(folder, "embeddings.npy")
        source.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
        node = shutil.which("node")
        if node is None:
            print("Expected `node` on the path, found none. Install Node 20.19 or newer.", file=sys.stderr)
            return 2
        command = [node, str(ROOT / "tooling/bin/embedbag.mjs"), "encode"]
        command += ["--model", str(arguments.model), "--input", str(source), "--output", str(target)]
        subprocess.run(command, check=True)
        ours = numpy.load(target)
    theirs = SentenceTransformer(str(arguments.model), device="cpu").encode(texts, show_progress_bar=False)

    difference = float(numpy.abs(ours - theirs).max())
    print(f"{len(texts)} texts, {ours.shape[1]} dims, largest absolute difference {difference:.3g}")
    return 0 if ours.shape == theirs.shape and difference <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
