import json
import tempfile
import time
from pathlib import Path

import numpy
import torch
from datasets import Dataset, disable_progress_bars
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.training_args import BatchSamplers, MultiDatasetBatchSamplers


def read_dataset(file: Path) -> Dataset:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    return Dataset.from_dict({column: [row[column] for row in rows] for column in rows[0]})


class BFloat16Trainer(SentenceTransformerTrainer):
    """Takes the similarities in bfloat16 too: with `bf16` alone, accelerate leaves all that follows the model in float32."""

    def compute_loss(self, *arguments, **options):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().compute_loss(*arguments, **options)


class Side:
    """The recipe of the article with SentenceTransformerTrainer, in float32 or under bfloat16 autocast."""

    def __init__(self, variant: str):
        disable_progress_bars()
        self.is_bfloat16 = variant == "bfloat16"

    def prepare(self, settings: dict) -> None:
        self.settings = settings

    def train(self, model, folder: str) -> None:
        files = sorted(Path(self.settings["folder"]).glob("*.jsonl"))
        datasets = {file.stem: read_dataset(file) for file in files}
        loss = MatryoshkaLoss(model, MultipleNegativesRankingLoss(model), matryoshka_dims=self.settings["dims"])
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=self.settings["batchSize"],
            learning_rate=0.2,
            warmup_steps=0.1,
            bf16=self.is_bfloat16,
            use_cpu=True,
            batch_sampler=BatchSamplers.NO_DUPLICATES,
            multi_dataset_batch_sampler=MultiDatasetBatchSamplers.PROPORTIONAL,
            eval_strategy="no",
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=42,
        )
        trainer_class = BFloat16Trainer if self.is_bfloat16 else SentenceTransformerTrainer
        trainer = trainer_class(model=model, args=arguments, train_dataset=datasets, loss=loss)
        self.result = trainer.train()
        self.pairs = sum(len(dataset) for dataset in datasets.values())

    def round(self) -> dict:
        model = SentenceTransformer(self.settings["model"], device="cpu")
        # Examples for the model card are no part of training.
        model.model_card_data.widget = [{"source_sentence": "", "sentences": [""]}]
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            self.train(model, folder)
            seconds = time.perf_counter() - started
        return {"seconds": seconds, "count": self.pairs}

    def output(self) -> dict:
        return {
            "steps": numpy.array([self.result.global_step], dtype="int32"),
            "meanLoss": numpy.array([self.result.training_loss], dtype="float64"),
        }
