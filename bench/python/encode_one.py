import time

import numpy

from work import read_json, some_rows


class Side:
    """sentence-transformers or model2vec, one text a call."""

    def __init__(self, variant: str):
        self.variant = variant

    def prepare(self, settings: dict) -> None:
        self.texts = read_json(settings["texts"])
        self.calls = settings["calls"]
        if self.variant == "model2vec":
            from model2vec import StaticModel

            self.encode = StaticModel.from_pretrained(settings["models"]["model2vec"]).encode
        else:
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(settings["models"]["sentenceTransformers"], device="cpu")
            self.encode = lambda text: model.encode(text, normalize_embeddings=True, show_progress_bar=False)

    def round(self) -> dict:
        times = numpy.zeros(self.calls)
        total = 0.0
        started = time.perf_counter()
        for call in range(self.calls):
            text = self.texts[call % len(self.texts)]
            before = time.perf_counter()
            embedding = self.encode(text)
            times[call] = time.perf_counter() - before
            total += float(embedding[0])
        seconds = time.perf_counter() - started
        assert numpy.isfinite(total)
        p50, p99 = numpy.percentile(times, [50, 99], method="inverted_cdf")
        return {"seconds": seconds, "count": self.calls, "figures": {"p50": float(p50), "p99": float(p99)}}

    def output(self) -> dict:
        name = "embeddingsOfModel2vec" if self.variant == "model2vec" else "embeddings"
        return {name: some_rows(numpy.stack([self.encode(text) for text in self.texts]))}
