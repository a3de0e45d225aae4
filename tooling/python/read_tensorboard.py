"""Prints what TensorBoard reads in a folder of event files, as JSON: the scalars by tag with their steps, and the texts.

    pip install tensorboard
    python tooling/python/read_tensorboard.py runs/first

It reads through TensorBoard's own EventAccumulator, so what it prints is what the web page shows.
"""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def main() -> int:
    if len(sys.argv) != 2:
        print("Expected one folder of event files.", file=sys.stderr)
        return 2
    events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    scalars = {tag: [[event.step, event.value] for event in events.Scalars(tag)] for tag in tags["scalars"]}
    texts = {tag: events.Tensors(tag)[-1].tensor_proto.string_val[0].decode() for tag in tags["tensors"]}
    plugins = {tag: events.SummaryMetadata(tag).plugin_data.plugin_name for tag in tags["tensors"]}
    print(json.dumps({"scalars": scalars, "texts": texts, "plugins": plugins}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
