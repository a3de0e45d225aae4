"""One start: load the model, embed a text, print it. The arguments are the library and the settings of the case."""

import json
import sys

settings = json.loads(sys.argv[2])
if sys.argv[1] == "model2vec":
    from model2vec import StaticModel

    embedding = StaticModel.from_pretrained(settings["models"]["model2vec"]).encode(settings["text"])
else:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(settings["models"]["sentenceTransformers"], device="cpu")
    embedding = model.encode(settings["text"], normalize_embeddings=True, show_progress_bar=False)

from peak_bytes import peak_bytes

print(json.dumps({"embedding": embedding.tolist(), "peakBytes": peak_bytes()}), flush=True)
