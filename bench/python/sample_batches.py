import numpy
import torch
from datasets import Dataset, disable_caching, disable_progress_bars
from sentence_transformers.base.sampler import NoDuplicatesBatchSampler

from work import read_json, seconds_of


class Side:
    def __init__(self, variant: str):
        disable_caching()
        disable_progress_bars()
        self.is_hashed = variant == "NO_DUPLICATES_HASHED"

    def prepare(self, settings: dict) -> None:
        self.settings = settings
        pairs = read_json(settings["pairs"])
        self.dataset = Dataset.from_dict({"anchor": pairs["anchors"], "positive": pairs["positives"]})
        self.sampler = None

    def open_sampler(self):
        return NoDuplicatesBatchSampler(
            self.dataset,
            batch_size=self.settings["batchSize"],
            drop_last=False,
            generator=torch.Generator(),
            seed=1,
            precompute_hashes=self.is_hashed,
        )

    def round(self) -> dict:
        # A sampler keeps its hashes for its later passes.
        if self.sampler is None or self.settings["withHashing"]:
            self.sampler = self.open_sampler()
        if not self.settings["withHashing"]:
            self.sampler._build_hashes()
        seconds, self.batches = seconds_of(lambda: list(self.sampler))
        return {"seconds": seconds, "count": len(self.dataset)}

    def output(self) -> dict:
        seen = len({row for batch in self.batches for row in batch})
        return {
            "rowsSeen": numpy.array([seen], dtype="int32"),
            "batches": numpy.array([len(self.batches)], dtype="float64"),
        }
