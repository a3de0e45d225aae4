"""Writes the small files by which the tests of `@embedbag/datasets` show that it reads what other programs write.

    pip install pyarrow duckdb polars
    python tooling/python/write_dataset_fixtures.py

All hold the same rows, those of `rows.json` beside them. The files in packages/datasets/src/fixtures/formats were written with
pyarrow 26, DuckDB 2.0 and polars; other versions write other bytes with the same rows.
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "packages/datasets/src/fixtures/formats"
ROWS = [
    {
        "anchor": text,
        "positive": f"answer {number}: {text}",
        "negatives": [f"wrong {number}-{k}" for k in range(number % 4)],
        "label": number / 4,
        "note": number,
    }
    for number, text in enumerate(
        [
            "plain",
            "\ufeffstarts with a byte order mark",
            'quotes "in" it, a comma\tand a tab',
            "two\nlines\r\nand a half",
            "Zürich, 東京, \U0001f600 \U0001d4b3",
            "long " * 60,
            "plain",
            " spaces around ",
        ]
    )
]


def main() -> int:
    try:
        import duckdb
        import polars
        import pyarrow
        from pyarrow import feather, ipc, parquet
    except ImportError as error:
        print(f"Expected pyarrow, duckdb and polars, received: {error}. Install them with pip.", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "rows.json").write_text(json.dumps(ROWS, indent=1, ensure_ascii=True) + "\n")
    table = pyarrow.table(
        {
            "note": [row["note"] for row in ROWS],
            "label": pyarrow.array([row["label"] for row in ROWS], pyarrow.float32()),
            "negatives": pyarrow.array([row["negatives"] for row in ROWS], pyarrow.list_(pyarrow.string())),
            "positive": [row["positive"] for row in ROWS],
            "anchor": [row["anchor"] for row in ROWS],
        }
    )
    large = table.cast(
        pyarrow.schema(
            [
                ("note", pyarrow.int64()),
                ("label", pyarrow.float64()),
                ("negatives", pyarrow.large_list(pyarrow.large_string())),
                ("positive", pyarrow.large_string()),
                ("anchor", pyarrow.large_string()),
            ]
        )
    )

    for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        parquet.write_table(table, FOLDER / f"pyarrow-{codec}.parquet", compression=codec, row_group_size=3)
    parquet.write_table(
        table,
        FOLDER / "pyarrow-v2-delta.parquet",
        data_page_version="2.0",
        use_dictionary=False,
        column_encoding={"anchor": "DELTA_BYTE_ARRAY", "positive": "DELTA_LENGTH_BYTE_ARRAY"},
        compression="zstd",
    )
    parquet.write_table(table, FOLDER / "pyarrow-index.parquet", write_page_index=True, data_page_size=64)
    polars.from_arrow(table).write_parquet(FOLDER / "polars.parquet")
    duckdb.from_arrow(table).write_parquet(str(FOLDER / "duckdb.parquet"))

    feather.write_feather(table, FOLDER / "pyarrow-lz4.feather", compression="lz4", chunksize=3)
    feather.write_feather(table, FOLDER / "pyarrow-zstd.feather", compression="zstd")
    feather.write_feather(large, FOLDER / "pyarrow-large.feather", compression="uncompressed")
    polars.from_arrow(table).write_ipc(FOLDER / "polars-view.arrow")
    coded = table.set_column(3, "positive", table["positive"].dictionary_encode())
    coded = coded.set_column(4, "anchor", table["anchor"].dictionary_encode())
    with ipc.new_stream(FOLDER / "pyarrow-dictionary.arrows", coded.schema) as writer:
        writer.write_table(coded, max_chunksize=3)
    with ipc.new_stream(FOLDER / "pyarrow-stream.arrow", table.schema) as writer:
        writer.write_table(table.slice(0, 3))
        writer.write_table(table.slice(3))
    # Longer than the 64 KiB of an LZ4 block, and blocks refer to those before.
    many = [f"{'wide ' * 4}row {number % 50}" for number in range(4_000)]
    long = pyarrow.table({"anchor": many, "positive": many[::-1]})
    feather.write_feather(long, FOLDER.parent / "long-lz4.feather", compression="lz4")
    return 0


if __name__ == "__main__":
    sys.exit(main())
