import { tableToIPC } from 'apache-arrow';
import { type EmbeddingRows, rowValues } from './embedding-rows.js';
import { type EmbeddingsToArrowOptions, embeddingTable, requireTexts } from './embeddings-to-arrow.js';

/** Values of a row group. The writer takes them as lists of numbers, which take some times their memory. */
const VALUES_PER_GROUP = 1 << 21;

/**
 * The embeddings as the bytes of a Parquet file: a column `embedding` of lists of float32, int8 or uint8 after the array given, and
 * with `texts` a column `text`.
 *
 * Parquet has no lists of a fixed size; the file carries the Arrow schema by which pyarrow, pandas and LanceDB read the column as
 * such lists. DuckDB reads it as `FLOAT[]`, which `embedding::FLOAT[1024]` casts. Floats are kept to the bit, without compression.
 *
 * @throws EmbedbagError `matrix-too-short`, `column-length-mismatch`.
 *
 * @example
 * ```ts
 * const bytes = await embeddingsToParquet({ data: new Float32Array(6), rows: 2, columns: 3 }, { texts: ['one', 'two'] });
 * await writeFile('embeddings.parquet', bytes);
 * ```
 */
export async function embeddingsToParquet(
  matrix: EmbeddingRows,
  options: EmbeddingsToArrowOptions = {},
): Promise<Uint8Array> {
  const { texts } = options;
  const values = rowValues(matrix);
  if (texts !== undefined) requireTexts(texts, matrix.rows);
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const output = new ByteWriter();
  const writer = new ParquetWriter({
    writer: output,
    codec: 'UNCOMPRESSED',
    schema: [
      { name: 'schema', num_children: texts === undefined ? 1 : 2 },
      ...(texts === undefined
        ? []
        : [{ name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' } as const]),
      { name: 'embedding', converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', ...elementType(values) },
    ],
    kvMetadata: [{ key: 'ARROW:schema', value: arrowSchema(matrix, texts !== undefined) }],
    createdBy: 'embedbag',
  });
  const groupRows = Math.max(1, Math.floor(VALUES_PER_GROUP / Math.max(1, matrix.columns)));
  for (let first = 0; first < matrix.rows; first += groupRows) {
    const count = Math.min(groupRows, matrix.rows - first);
    const data = Array.from({ length: count }, (_, row) => {
      const start = (first + row) * matrix.columns;
      return Array.from(values.subarray(start, start + matrix.columns));
    });
    const embedding = { name: 'embedding', data, encoding: 'PLAIN', statistics: false } as const;
    const text = { name: 'text', data: texts?.slice(first, first + count) ?? [], encoding: 'PLAIN' } as const;
    writer.write({ columnData: texts === undefined ? [embedding] : [text, embedding], rowGroupSize: count });
  }
  writer.finish();
  return new Uint8Array(output.getBuffer());
}

function elementType(values: EmbeddingRows['data']): object {
  if (values instanceof Float32Array) return { type: 'FLOAT' };
  return { type: 'INT32', converted_type: values instanceof Int8Array ? 'INT_8' : 'UINT_8' };
}

/** The schema as Arrow's own programs put it into Parquet: an IPC message in base64, of a stream without rows here. */
function arrowSchema({ data, columns }: EmbeddingRows, hasTexts: boolean): string {
  const nothing = { data: data.subarray(0, 0) as EmbeddingRows['data'], rows: 0, columns };
  const table = embeddingTable(nothing, hasTexts ? { texts: [] } : {});
  return Buffer.from(tableToIPC(table, 'stream')).toString('base64');
}
