import tempfile

from work import read_json, seconds_of


def random_model(variant: str, tokenizer_file: str, folder: str):
    """A transformer of the variant's shape with random weights, behind the tokenizer that both shapes share."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel, PreTrainedTokenizerFast

    if variant == "MiniLM-L6":
        config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
        transformer = BertModel(config)
    else:
        transformer = MPNetModel(MPNetConfig())
    transformer.save_pretrained(folder)
    tokens = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=tokenizer_file, mask_token="[MASK]", **tokens)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.model_max_length = 128
    tokenizer.save_pretrained(folder)
    module = Transformer(folder)
    pooling = Pooling(transformer.config.hidden_size, pooling_mode="mean")
    return SentenceTransformer(modules=[module, pooling], device="cpu")


class Side:
    def __init__(self, variant: str):
        self.variant = variant

    def prepare(self, settings: dict) -> dict:
        self.texts = read_json(settings["textsOfPeers"])
        with tempfile.TemporaryDirectory() as folder:
            model = random_model(self.variant, settings["tokenizer"], folder)
        encode = lambda size: model.encode(
            self.texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False
        )
        sizes = [16, 32, 128]
        encode(32)
        times = [seconds_of(lambda: encode(size))[0] for size in sizes]
        size = sizes[times.index(min(times))]
        self.encode = lambda: encode(size)
        return {"note": f"batches of {size}"}

    def round(self) -> dict:
        seconds, embeddings = seconds_of(self.encode)
        assert len(embeddings) == len(self.texts)
        return {"seconds": seconds, "count": len(self.texts)}

    def output(self) -> dict:
        return {}
