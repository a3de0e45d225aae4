from work import read_json, seconds_of, some_rows

BATCH_SIZES = [32, 256, 1024, 4096]


class Side:
    """sentence-transformers or model2vec, each with its fastest batch size."""

    def __init__(self, variant: str):
        self.variant = variant

    def load(self, models: dict):
        if self.variant == "model2vec":
            from model2vec import StaticModel

            model = StaticModel.from_pretrained(models["model2vec"])
            # Threads of Python or those of the tokenizer: both are tried.
            return [
                (
                    f"batches of {size}{', threads' if threads else ''}",
                    lambda texts, size=size, threads=threads: model.encode(
                        texts, batch_size=size, use_multiprocessing=threads, multiprocessing_threshold=0
                    ),
                )
                for threads in (False, True)
                for size in BATCH_SIZES
            ]
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(models["sentenceTransformers"], device="cpu")
        return [
            (
                f"batches of {size}",
                lambda texts, size=size: model.encode(
                    texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False
                ),
            )
            for size in BATCH_SIZES
        ]

    def prepare(self, settings: dict) -> dict:
        self.texts = read_json(settings["texts"])
        ways = self.load(settings["models"])
        sample = self.texts[:: max(1, len(self.texts) // 8192)]
        ways[0][1](sample)
        times = [min(seconds_of(lambda: encode(sample))[0] for _ in range(2)) for _, encode in ways]
        note, self.encode = ways[times.index(min(times))]
        return {"note": note}

    def round(self) -> dict:
        self.embeddings = None
        seconds, self.embeddings = seconds_of(lambda: self.encode(self.texts))
        return {"seconds": seconds, "count": len(self.texts)}

    def output(self) -> dict:
        name = "embeddingsOfModel2vec" if self.variant == "model2vec" else "embeddings"
        return {name: some_rows(self.embeddings)}
