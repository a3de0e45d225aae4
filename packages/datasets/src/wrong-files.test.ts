import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Int32, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { fileWith, folderWith, refusal } from './fixtures/folder.js';
import { type ReadDatasetOptions, readDataset } from './read-dataset.js';
import { listRetrievalFolders } from './read-retrieval-folder.js';
import { readTexts } from './read-texts.js';
import type { ByteSource } from './source-blocks.js';

const FORMATS = fileURLToPath(new URL('./fixtures/formats/', import.meta.url));
const TEXTS = ['a', 'b', 'c'];
const ROWS = '{"anchor":"a","positive":"b"}\n'.repeat(20);

/** The message for a wrong file, with its folder cut out. */
async function messageFor(name: string, content: string | Uint8Array, options?: ReadDatasetOptions): Promise<string> {
  const path = fileWith(name, content);
  const { code, message } = await refusal(() => readDataset(path, options));
  return `${code}: ${message.replaceAll(`${dirname(path)}/`, '')}`;
}

function parquet(columns: readonly ColumnSource[], options: object = {}): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: [...columns], ...options }));
}

function strings(name: string, data: readonly (string | null)[]): ColumnSource {
  return { name, data: [...data], type: 'STRING' };
}

function arrow(columns: Readonly<Record<string, readonly (string | null)[]>>, kind: 'file' | 'stream'): Uint8Array {
  const vectors = Object.entries(columns).map(([name, texts]) => [name, vectorFromArray(texts, new Utf8())]);
  return tableToIPC(new Table(Object.fromEntries(vectors)), kind);
}

const PAIRS = { anchor: TEXTS, positive: TEXTS };
const WHOLE_PARQUET = parquet([strings('anchor', TEXTS), strings('positive', TEXTS)]);

/** The bytes of the first data page begin soon after the magic; what is written there is no page. */
function withBytes(bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array {
  const changed = bytes.slice();
  changed.set(values, at);
  return changed;
}

describe('a Parquet file that cannot be read', () => {
  const cases: readonly (readonly [string | Uint8Array, string])[] = [
    ['', 'empty-file: Expected at least one row in x.parquet, received an empty file. Check how it was written.'],
    [
      'anchor,positive\na,b\n',
      'invalid-parquet: Expected a Parquet file at x.parquet, received a file that does not begin with PAR1. Check its extension, or give the option `format`.',
    ],
    [
      WHOLE_PARQUET.subarray(0, -1),
      'cut-file: Expected a whole Parquet file at x.parquet, received one that ends early: its last bytes are not PAR1. Copy or download it again.',
    ],
    [
      'PAR1',
      'cut-file: Expected a whole Parquet file at x.parquet, received one that ends early: its last bytes are not PAR1. Copy or download it again.',
    ],
    [
      'PAR1....PARE',
      'invalid-parquet: Expected a Parquet file at x.parquet, received an encrypted one. Write it without encryption.',
    ],
    [
      'PAR1\xff\xff\xff\x7fPAR1',
      'invalid-parquet: Expected a Parquet file at x.parquet, received one that cannot be read (parquet metadata length 2147483647 exceeds available buffer 4). Copy or download it again, or write it anew.',
    ],
    [
      parquet([strings('anchor', []), strings('positive', [])]),
      'empty-file: Expected at least one row in x.parquet, received an empty file. Check how it was written.',
    ],
    [
      parquet([strings('question', TEXTS), strings('positive', TEXTS)]),
      "missing-column: Expected the columns `anchor` and `positive` in x.parquet, received `question`, `positive`. Rename them, or say which is which with `columns: { anchor: 'question', positive: 'positive' }`.",
    ],
    [
      parquet([strings('anchor', TEXTS), { name: 'positive', data: [1, 2, 3], type: 'INT32' }]),
      'invalid-column-type: Expected texts in column `positive` of x.parquet, received INT32. Choose another column with `columns`, or write this one as texts.',
    ],
    [
      parquet([
        ...Object.entries(PAIRS).map(([name, texts]) => strings(name, texts)),
        { name: 'negatives', data: [1n, 2n, 3n], type: 'INT64' },
      ]),
      'invalid-column-type: Expected lists of texts in column `negatives` of x.parquet, received INT64. Choose another column with `columns`, or write this one as lists of texts.',
    ],
    [
      parquet([strings('anchor', TEXTS), strings('positive', ['a', null, 'c'])]),
      'missing-text: Expected a text in column `positive`, row 1 of x.parquet, received null. Fill it in or remove that row.',
    ],
    [
      parquet([strings('anchor', TEXTS), strings('positive', TEXTS), strings('negative', ['a', 'b', ''])]),
      'ragged-column: Expected every row to have the same negatives, received an empty text in column `negative`, row 2 of x.parquet. Fill it in or leave out that row or column.',
    ],
    [
      parquet([
        strings('anchor', TEXTS),
        { name: 'positive', data: TEXTS.map(() => Uint8Array.of(0x61, 0xe9)), type: 'BYTE_ARRAY' },
      ]),
      'invalid-utf8: Expected UTF-8 text in column `positive`, row 0 of x.parquet, received bytes of another encoding. Convert the column to UTF-8.',
    ],
    [
      parquet([strings('anchor', TEXTS), strings('positive', TEXTS)], {
        codec: 'LZO',
        compressors: { LZO: (bytes: Uint8Array) => bytes },
      }),
      'unknown-codec: Expected pages compressed by one of SNAPPY, GZIP, BROTLI, ZSTD, LZ4, LZ4_RAW, UNCOMPRESSED in column `anchor` of x.parquet, received the codec LZO. Write the file with another compression, such as ZSTD.',
    ],
  ];

  test.each(cases)('case %# is refused with its own sentence', async (content, expected) => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
    expect(await messageFor('x.parquet', bytes)).toBe(expected);
  });

  test('has damaged pages', async () => {
    const message = await messageFor('x.parquet', withBytes(WHOLE_PARQUET, 4, 0xff, 0xff, 0xff, 0xff, 0xff));
    expect(message).toMatch(
      /^invalid-parquet: Expected a Parquet file at x\.parquet, received one that cannot be read \(.+\)\. Copy or download it again, or write it anew\.$/,
    );
  });
});

describe('an Arrow file that cannot be read', () => {
  const cases: readonly (readonly [string | Uint8Array, string])[] = [
    ['', 'empty-file: Expected at least one row in x.arrow, received an empty file. Check how it was written.'],
    [
      'anchor,positive\na,b\n',
      'invalid-arrow: Expected an Arrow file or stream at x.arrow, received a file that begins neither with ARROW1 nor as a stream does. Check its extension, or give the option `format`.',
    ],
    [
      arrow(PAIRS, 'file').subarray(0, -1),
      'cut-file: Expected a whole Arrow file at x.arrow, received one that ends early: its last bytes are not ARROW1. Copy or download it again.',
    ],
    [
      arrow(PAIRS, 'stream').subarray(0, -8),
      'cut-file: Expected a whole Arrow file at x.arrow, received one that ends early: it has no end-of-stream marker. Copy or download it again.',
    ],
    [
      arrow({ anchor: [], positive: [] }, 'stream'),
      'empty-file: Expected at least one row in x.arrow, received an empty file. Check how it was written.',
    ],
    [
      tableToIPC(
        new Table({ anchor: vectorFromArray(TEXTS, new Utf8()), positive: vectorFromArray([1, 2, 3], new Int32()) }),
      ),
      'invalid-column-type: Expected texts in column `positive` of x.arrow, received Int32. Choose another column with `columns`, or write this one as texts.',
    ],
    [
      arrow({ anchor: TEXTS, positive: ['a', 'b', null] }, 'file'),
      'missing-text: Expected a text in column `positive`, row 2 of x.arrow, received null. Fill it in or remove that row.',
    ],
  ];

  test.each(cases)('case %# is refused with its own sentence', async (content, expected) => {
    expect(await messageFor('x.arrow', content)).toBe(expected);
  });

  test.each(['file', 'stream'] as const)('has a damaged message in a %s', async (kind) => {
    const message = await messageFor(
      'x.arrow',
      withBytes(arrow(PAIRS, kind), kind === 'file' ? 12 : 4, 0xff, 0xff, 0xff, 0x7f),
    );
    expect(message).toMatch(
      /^invalid-arrow: Expected an Arrow file or stream at x\.arrow, received one that cannot be read \(.+\)\. Copy or download it again, or write it anew\.$/,
    );
  });
});

describe('a compressed file that cannot be read', () => {
  test.each([
    [
      'x.jsonl.gz',
      gzipSync(ROWS).subarray(0, -9),
      'cut-file: Expected a whole gzip file at x.jsonl.gz, received one that ends early. Copy or download it again.',
    ],
    [
      'x.jsonl.gz',
      ROWS,
      'invalid-compression: Expected gzip data in x.jsonl.gz, received bytes that are not (incorrect header check). Check its extension, or download it again.',
    ],
    [
      'x.csv.gz',
      withBytes(gzipSync('anchor,positive\na,b\n'), gzipSync('anchor,positive\na,b\n').length - 8, 0, 0, 0, 0),
      'invalid-compression: Expected gzip data in x.csv.gz, received bytes that are not (incorrect data check). Check its extension, or download it again.',
    ],
    [
      'x.jsonl.gz',
      '',
      'cut-file: Expected a whole gzip file at x.jsonl.gz, received one that ends early. Copy or download it again.',
    ],
    [
      'x.jsonl.gz',
      gzipSync(''),
      'empty-file: Expected at least one row in x.jsonl.gz, received an empty file. Check how it was written.',
    ],
    [
      'x.jsonl',
      gzipSync(ROWS),
      'unexpected-compression: Expected text in x.jsonl, received gzip data. Name the file x.jsonl.gz.',
    ],
    [
      'x.jsonl',
      readFileSync(join(FORMATS, '../rows.jsonl.zst')),
      'unexpected-compression: Expected text in x.jsonl, received zstd data. Name the file x.jsonl.zst.',
    ],
    [
      'x.jsonl.zst',
      readFileSync(join(FORMATS, '../rows.jsonl.zst')).subarray(0, -1),
      'cut-file: Expected a whole zstd file at x.jsonl.zst, received one that ends early. Copy or download it again.',
    ],
    [
      'x.jsonl.zst',
      '',
      'cut-file: Expected a whole zstd file at x.jsonl.zst, received one that ends early. Copy or download it again.',
    ],
  ])('%s, case %#, is refused with its own sentence', async (name, content, expected) => {
    expect(await messageFor(name, content)).toBe(expected);
  });

  test('is no zstd at all', async () => {
    expect(await messageFor('x.jsonl.zst', ROWS)).toMatch(
      /^invalid-compression: Expected zstd data in x\.jsonl\.zst, received bytes that are not \(.+\)\. Check its extension, or download it again\.$/,
    );
  });
});

describe('a file cut at any byte', () => {
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['x.parquet', WHOLE_PARQUET],
    ['x.arrow', arrow(PAIRS, 'file')],
    ['x.arrows', arrow(PAIRS, 'stream')],
    ['x.jsonl.gz', gzipSync(ROWS)],
    ['x.jsonl.zst', readFileSync(join(FORMATS, '../rows.jsonl.zst'))],
  ];

  test.each(cases)('%s is refused', async (name, bytes) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        const { code } = await refusal(() => readDataset(fileWith(name, bytes.subarray(0, length))));
        expect(['cut-file', 'empty-file', 'invalid-parquet', 'invalid-arrow']).toContain(code);
      }),
      { numRuns: 100 },
    );
  });
});

test('stops in the middle of a file when the signal is aborted', async () => {
  const stop = AbortSignal.abort(new Error('enough'));
  for (const [name, bytes] of [
    ['x.parquet', WHOLE_PARQUET],
    ['x.arrow', arrow(PAIRS, 'file')],
    ['x.jsonl.gz', gzipSync(ROWS)],
  ] as const) {
    await expect(readDataset(fileWith(name, bytes), { signal: stop })).rejects.toThrow('enough');
  }
});

describe('a path or a line that is not what it should be', () => {
  test('a folder with the extension of a file, where a file is named', async () => {
    const folder = folderWith({ 'x.jsonl/rows.jsonl': '{"anchor":"a","positive":"b"}\n' });
    const read = async (): Promise<void> => {
      for await (const _ of readTexts(join(folder, 'x.jsonl'))) expect.fail('a row');
    };
    expect(await refusal(read)).toEqual({
      code: 'not-a-file',
      message: `Expected a file at ${join(folder, 'x.jsonl')}, received a folder. Name a file in it, or read all of them with \`readDatasets\`.`,
    });
  });

  test('a file where folders in BEIR layout are looked for', async () => {
    const path = fileWith('x.jsonl', '{}');
    expect(await refusal(() => listRetrievalFolders(path))).toEqual({
      code: 'not-a-folder',
      message: `Expected a folder at ${path}, received a file. Name the folder that holds it.`,
    });
  });

  test('a line that never ends', async () => {
    async function* endless(): ByteSource {
      const piece = Buffer.alloc(1 << 24, 'x');
      yield 'short\n';
      for (;;) yield piece;
    }
    const read = async (): Promise<void> => {
      for await (const text of readTexts(endless())) expect(text).toBe('short');
    };
    expect(await refusal(read)).toEqual({
      code: 'line-too-long',
      message: `Expected lines of at most ${1 << 28} bytes, received a longer one on line 2 of the input. Check that it is a text file with one row a line.`,
    });
  });
});
