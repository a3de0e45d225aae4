import numpy
from tokenizers import Tokenizer

from work import read_json, seconds_of


class Side:
    def __init__(self, variant: str):
        pass

    def prepare(self, settings: dict):
        self.texts = read_json(settings["texts"])
        self.bytes = sum(len(text.encode()) for text in self.texts)
        self.tokenizer = Tokenizer.from_file(settings["tokenizer"])
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def round(self) -> dict:
        self.encodings = None
        encode = lambda: self.tokenizer.encode_batch_fast(self.texts, add_special_tokens=False)
        seconds, self.encodings = seconds_of(encode)
        return {"seconds": seconds, "count": self.bytes}

    def output(self) -> dict:
        ids = [encoding.ids for encoding in self.encodings]
        offsets = numpy.cumsum([0] + [len(one) for one in ids])
        flat = numpy.fromiter((token for one in ids for token in one), dtype="int32")
        return {"ids": flat, "offsets": offsets.astype("int32")}
