import time

import torch

MATRIX_ROWS = 2048
LARGE_FLOATS = 768 * 2**18


class Side:
    """What torch makes of the machine: a product of matrices, a sum and a copy."""

    def __init__(self, variant: str):
        self.dtype = torch.bfloat16 if variant == "bfloat16" else torch.float32

    def prepare(self, settings: dict) -> None:
        torch.set_num_threads(settings["threads"])
        self.work = settings["work"]
        self.a = self.b = None
        if self.work == "multiply":
            self.a = torch.randn(MATRIX_ROWS, MATRIX_ROWS).to(self.dtype)
            self.b = torch.randn(MATRIX_ROWS, MATRIX_ROWS).to(self.dtype)
            self.count = 2 * MATRIX_ROWS**3
        else:
            self.a = torch.ones(LARGE_FLOATS)
            self.count = 4 * LARGE_FLOATS

    def run(self):
        if self.work == "multiply":
            return self.a @ self.b
        if self.work == "sum":
            return self.a.sum()
        half = LARGE_FLOATS // 2
        return self.a[:half].copy_(self.a[half:])

    def round(self) -> dict:
        started = time.perf_counter()
        result = self.run()
        seconds = time.perf_counter() - started
        assert torch.isfinite(result.flatten()[:8].float()).all()
        return {"seconds": seconds, "count": self.count}

    def output(self) -> dict:
        return {}
