"""The peers' half of a comparison: `python serve.py <module> <variant>` answers the requests on stdin until it ends.

The module has a class `Side(variant)` with `prepare(settings)`, `round()` and `output()`, as in sides/serve.mjs.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

from peak_bytes import peak_bytes


def write_output(side, folder: str) -> dict:
    types = {}
    for name, array in side.output().items():
        types[name] = str(array.dtype)
        array.tofile(str(Path(folder, name)))
    return types


def answer(side, request: dict):
    if request["command"] == "prepare":
        return side.prepare(request["settings"]) or {}
    if request["command"] == "output":
        return write_output(side, request["folder"])
    return {**side.round(), "peakBytes": peak_bytes()}


def main() -> None:
    # Libraries may print: what they say goes to stderr, stdout is for answers alone.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    side = None
    for line in sys.stdin:
        try:
            if side is None:
                side = importlib.import_module(sys.argv[1]).Side(sys.argv[2])
            reply = {"result": answer(side, json.loads(line))}
        except Exception:
            reply = {"error": traceback.format_exc()}
        answers.write(json.dumps(reply) + "\n")
    os._exit(0)


main()
