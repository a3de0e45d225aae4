import contextlib

import numpy
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss

from work import read_json, seconds_of

# Losses of later steps drift apart with the last digits of the tables. The same in sides/train-step.mjs.
COMPARED_STEPS = 4


class Side:
    """The step of sentence-transformers' own classes, in float32 or under bfloat16 autocast."""

    def __init__(self, variant: str):
        self.variant = variant

    def batches(self, settings: dict) -> list:
        """Of each batch its anchors and its positives, as in sides/train-step.mjs."""
        rows = settings["rows"]
        if "texts" in settings:
            texts = read_json(settings["texts"])
            columns = [texts[: len(texts) // 2], texts[len(texts) // 2 :]]
        else:
            pairs = read_json(settings["pairs"])
            columns = [pairs["anchors"], pairs["positives"]]
        starts = range(0, settings.get("batches", 1) * rows, rows)
        return [[column[start : start + rows] for column in columns] for start in starts]

    def prepare(self, settings: dict) -> None:
        self.model = self.optimizer = self.loss = None
        model = SentenceTransformer(settings["model"], device="cpu")
        loss = MultipleNegativesRankingLoss(model)
        dims = settings["dims"]
        if len(dims) > 1:
            loss = MatryoshkaLoss(model, loss, matryoshka_dims=dims)
        self.model, self.loss = model, loss
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=settings["learningRate"], weight_decay=0.0, fused=True
        )
        self.features = [[model.preprocess(texts) for texts in batch] for batch in self.batches(settings)]
        self.steps = settings["steps"]
        self.losses = []

    def step(self) -> None:
        features = self.features[len(self.losses) % len(self.features)]
        is_bfloat16 = self.variant == "bfloat16"
        precision = torch.autocast("cpu", dtype=torch.bfloat16) if is_bfloat16 else contextlib.nullcontext()
        with precision:
            value = self.loss([dict(column) for column in features], None)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses.append(value.item())

    def round(self) -> dict:
        seconds, _ = seconds_of(lambda: [self.step() for _ in range(self.steps)])
        return {"seconds": seconds, "count": self.steps}

    def output(self) -> dict:
        # After a step in bfloat16 the table is another one, and so is the next loss.
        if self.variant == "bfloat16":
            return {"lossesOfBfloat16": numpy.array(self.losses[:1])}
        return {"losses": numpy.array(self.losses[:COMPARED_STEPS])}
