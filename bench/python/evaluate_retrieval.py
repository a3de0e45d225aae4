import numpy
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

from work import read_json, seconds_of

METRICS = ["cosine_accuracy@1", "cosine_ndcg@10", "cosine_mrr@10", "cosine_map@100"]


class Side:
    def __init__(self, variant: str):
        pass

    def prepare(self, settings: dict) -> None:
        self.dims = settings["dims"]
        self.set = read_json(settings["set"])
        self.model = SentenceTransformer(settings["model"], device="cpu")

    def evaluate(self, dim: int) -> list:
        evaluator = InformationRetrievalEvaluator(
            queries=self.set["queries"],
            corpus=self.set["corpus"],
            relevant_docs={query: set(found) for query, found in self.set["relevantDocs"].items()},
            truncate_dim=dim,
            write_csv=False,
        )
        result = evaluator(self.model)
        return [result[metric] for metric in METRICS]

    def round(self) -> dict:
        seconds, scores = seconds_of(lambda: [self.evaluate(dim) for dim in self.dims])
        self.scores = numpy.array(scores, dtype="float64").flatten()
        return {"seconds": seconds, "count": 1}

    def output(self) -> dict:
        return {"scores": self.scores}
