"""What several sides need."""

import json
import time
from pathlib import Path


def read_json(path: str):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def seconds_of(work):
    """How long `work` takes, and what it returns."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def some_rows(matrix, most_rows: int = 5000):
    """Every so many rows, the same as in sides/work.mjs."""
    stride = -(-len(matrix) // most_rows)
    return matrix[::stride].astype("float32")
