"""Reads embedding files of `@embedbag/datasets` with DuckDB, LanceDB, pyarrow and pandas, and compares every value.

    pip install pyarrow duckdb lancedb pandas
    pnpm build
    python tooling/python/read_embeddings.py

Node writes the files from numbers that both sides compute: value i is i / 8 - 100 as float32.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 3000, 96
WRITE = """
import { writeFileSync } from 'node:fs';
import { datasetFromColumns, embeddingsToArrow, embeddingsToParquet, writeGuideEmbeddings } from '@embedbag/datasets';
const [folder, rows, columns] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])];
const data = Float32Array.from({ length: rows * columns }, (_, index) => index / 8 - 100);
const texts = Array.from({ length: rows }, (_, row) => `text ${row} \\u{fc}`);
const matrix = { data, rows, columns };
writeFileSync(`${folder}/embeddings.arrow`, embeddingsToArrow(matrix, { texts }));
writeFileSync(`${folder}/embeddings.parquet`, await embeddingsToParquet(matrix, { texts }));
const bytes = { data: Int8Array.from(data, (value) => value), rows, columns };
writeFileSync(`${folder}/int8.parquet`, await embeddingsToParquet(bytes));
const dataset = datasetFromColumns({ name: 'texts', columns: { anchor: texts, positive: texts } });
const guide = (_, __, place) => {
  const matrix = new Float32Array(place.rows.length * columns);
  for (const [at, row] of place.rows.entries()) matrix.set(data.subarray(row * columns, (row + 1) * columns), at * columns);
  return { data: matrix, rows: place.rows.length, columns };
};
await writeGuideEmbeddings(`${folder}/guide`, { datasets: [dataset], guide, guideName: 'numbers' });
"""


def main() -> int:
    try:
        import duckdb
        import lancedb
        import numpy
        import pandas
        import pyarrow
        from pyarrow import feather, parquet
    except ImportError as error:
        print(f"Expected pyarrow, duckdb, lancedb and pandas, received: {error}. Install them with pip.", file=sys.stderr)
        return 2
    expected = (numpy.arange(ROWS * COLUMNS) / 8 - 100).astype(numpy.float32).reshape(ROWS, COLUMNS)
    texts = [f"text {row} ü" for row in range(ROWS)]

    def check(reader: str, values: object, found_texts: object) -> None:
        matrix = numpy.stack([numpy.asarray(row, dtype=numpy.float32) for row in values])
        assert matrix.shape == expected.shape and (matrix == expected).all(), f"{reader}: other values"
        assert list(found_texts) == texts, f"{reader}: other texts"
        print(f"{reader}: {ROWS} x {COLUMNS} equal")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ["node", "--input-type=module", "--eval", WRITE, str(folder), str(ROWS), str(COLUMNS)]
        subprocess.run(command, cwd=ROOT / "packages/cli", check=True)
        path = str(folder / "embeddings.parquet")
        for kind, table in {
            "Arrow": feather.read_table(folder / "embeddings.arrow"),
            "Parquet": parquet.read_table(path),
        }.items():
            assert table.schema.field("embedding").type == pyarrow.list_(
                pyarrow.field("item", pyarrow.float32(), nullable=False), COLUMNS
            ), f"{kind}: {table.schema}"
            check(f"pyarrow {pyarrow.__version__}, {kind}", table["embedding"].to_pylist(), table["text"].to_pylist())
            database = lancedb.connect(folder / f"lance-{kind}")
            stored = database.create_table("texts", table)
            nearest = stored.search(expected[17], vector_column_name="embedding").limit(1).to_list()[0]
            assert nearest["text"] == texts[17] and nearest["_distance"] == 0, f"LanceDB, {kind}: {nearest['text']}"
            read = stored.to_arrow()
            check(f"LanceDB {lancedb.__version__}, {kind}", read["embedding"].to_pylist(), read["text"].to_pylist())
            rows = duckdb.from_arrow(table).project(f"text, embedding::FLOAT[{COLUMNS}]").fetchall()
            check(f"DuckDB {duckdb.__version__}, {kind} by pyarrow", [row[1] for row in rows], [row[0] for row in rows])
        rows = duckdb.sql(f"select text, embedding::FLOAT[{COLUMNS}] from '{path}'").fetchall()
        check(f"DuckDB {duckdb.__version__}, Parquet", [row[1] for row in rows], [row[0] for row in rows])
        similarity = duckdb.execute(
            f"select max(array_cosine_similarity(embedding::FLOAT[{COLUMNS}], ?::FLOAT[{COLUMNS}])) from '{path}'",
            [expected[17].tolist()],
        ).fetchone()
        assert abs(similarity[0] - 1) < 1e-6, f"DuckDB: {similarity}"
        frame = pandas.read_parquet(path)
        check(f"pandas {pandas.__version__}, Parquet", frame["embedding"], frame["text"])
        frame = pandas.read_feather(folder / "embeddings.arrow")
        check(f"pandas {pandas.__version__}, Arrow", frame["embedding"], frame["text"])
        for column in (0, 1):
            file = folder / "guide" / f"dataset-0-column-{column}.arrow"
            with pyarrow.memory_map(str(file)) as source:
                reader = pyarrow.ipc.open_file(source)
                assert reader.num_record_batches == -(-ROWS // 512), f"guide: {reader.num_record_batches} batches"
                table = reader.read_all()
                check(f"pyarrow {pyarrow.__version__}, guide", table["embedding"].to_pylist(), texts)
                rows = duckdb.connect().from_arrow(table).project(f"embedding::FLOAT[{COLUMNS}]").fetchall()
                check(f"DuckDB {duckdb.__version__}, guide by pyarrow", [row[0] for row in rows], texts)
            check(f"pandas {pandas.__version__}, guide", pandas.read_feather(file)["embedding"], texts)
        bytes_type = parquet.read_table(folder / "int8.parquet").schema.field("embedding").type
        assert bytes_type.value_type == pyarrow.int8() and bytes_type.list_size == COLUMNS, str(bytes_type)
    return 0


if __name__ == "__main__":
    sys.exit(main())
