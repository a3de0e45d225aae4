import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashTexts } from '@embedbag/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnDataset } from './column-dataset.js';
import { fileWith, folderWith, refusal } from './fixtures/folder.js';
import { type ReadDatasetOptions, readDataset } from './read-dataset.js';
import { readDatasets } from './read-datasets.js';

function allRows(dataset: ColumnDataset): number[] {
  return Array.from({ length: dataset.rowCount }, (_, row) => row);
}

function table(dataset: ColumnDataset): Record<string, readonly string[]> {
  return Object.fromEntries(dataset.columns.map((role, column) => [role, dataset.texts(column, allRows(dataset))]));
}

async function read(name: string, content: string | Uint8Array, options?: ReadDatasetOptions): Promise<ColumnDataset> {
  return readDataset(fileWith(name, content), options);
}

/** The message for a wrong file, with its folder cut out. */
async function messageFor(name: string, content: string | Uint8Array, options?: ReadDatasetOptions): Promise<string> {
  const path = fileWith(name, content);
  const { code, message } = await refusal(() => readDataset(path, options));
  // The words of JSON.parse differ between engines.
  const own = message.replace(/received text that is none \(.*\)\./, 'received text that is none (...).');
  return `${code}: ${own.replaceAll(`${dirname(path)}/`, '')}`;
}

const ROWS = [
  { anchor: 'a', positive: 'b' },
  { anchor: 'c', positive: 'd' },
];

function lines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

describe('readDataset', () => {
  test.each([
    ['jsonl', lines(ROWS)],
    ['csv', 'anchor,positive\na,b\nc,d\n'],
    ['tsv', 'anchor\tpositive\na\tb\nc\td\n'],
  ])('reads the roles of a .%s file and is named after it', async (extension, content) => {
    const dataset = await read(`pairs.${extension}`, content);
    expect(dataset.name).toBe('pairs');
    expect(dataset.rowCount).toBe(2);
    expect(table(dataset)).toEqual({ anchor: ['a', 'c'], positive: ['b', 'd'] });
  });

  test.each([
    ['jsonl', '\uFEFF{"anchor":"a","positive":"b"}\r\n\r\n  \r\n{"anchor":"c","positive":"d"}'],
    ['csv', '\uFEFFanchor,positive\r\n\r\na,b\r\n  \r\nc,d'],
    ['csv', '\n\nanchor,positive\r\na,b\nc,d\n\n'],
    ['tsv', '\uFEFFanchor\tpositive\r\na\tb\r\n\r\nc\td\r\n'],
  ])('takes a byte order mark, CRLF and empty lines in .%s', async (extension, content) => {
    expect(table(await read(`pairs.${extension}`, content))).toEqual({ anchor: ['a', 'c'], positive: ['b', 'd'] });
  });

  test('sorts the columns by role and the negatives by number', async () => {
    const row = { negative_10: 'n10', positive: 'p', negative_2: 'n2', negative: 'n', anchor: 'a', negative_1: 'n1' };
    const dataset = await read('x.jsonl', lines([row]));
    expect(dataset.columns).toEqual(['anchor', 'positive', 'negative', 'negative_1', 'negative_2', 'negative_10']);
    expect(dataset.columns.map((_, column) => dataset.texts(column, [0])[0])).toEqual([
      'a',
      'p',
      'n',
      'n1',
      'n2',
      'n10',
    ]);
  });

  test('reads exactly the mapped columns and lists the others', async () => {
    const content = lines([{ question: 'q', answer: 'r', negative: 'n', extra: [1] }]);
    const dataset = await read('faq.jsonl', content, { columns: { positive: 'answer', anchor: 'question' } });
    expect(table(dataset)).toEqual({ anchor: ['q'], positive: ['r'] });
    expect(dataset.ignoredColumns).toEqual(['extra', 'negative']);
    expect(dataset.labels).toBeUndefined();
  });

  test.each([
    [
      'jsonl',
      lines([
        { anchor: 'a', positive: 'b', score: 0.5 },
        { anchor: 'c', positive: 'd', score: -2 },
      ]),
    ],
    ['csv', 'score,anchor,positive\n0.5,a,b\n-2,c,d\n'],
  ])('gives the labels at rows of a .%s file', async (extension, content) => {
    const dataset = await read(`x.${extension}`, content);
    expect(dataset.columns).toEqual(['anchor', 'positive']);
    expect(dataset.labels?.([1, 0, 1])).toEqual(Float32Array.of(-2, 0.5, -2));
  });

  test('leaves out a column called label that holds words', async () => {
    const dataset = await read('x.csv', 'anchor,positive,label\na,b,entailment\n');
    expect(dataset.labels).toBeUndefined();
    expect(dataset.ignoredColumns).toEqual(['label']);
  });

  test('reads quotes, delimiters and line ends inside quoted fields', async () => {
    const dataset = await read('x.csv', 'anchor,positive\n"a ""b"", c","one\r\ntwo\n\nthree"\n');
    expect(table(dataset)).toEqual({ anchor: ['a "b", c'], positive: ['one\r\ntwo\n\nthree'] });
  });

  test('takes quotes as they are with `quote: false`', async () => {
    const dataset = await read('x.tsv', 'anchor\tpositive\n"Hi" he said\t5" disk\n', { quote: false });
    expect(table(dataset)).toEqual({ anchor: ['"Hi" he said'], positive: ['5" disk'] });
  });

  test('reads a file in another format than its extension says when told', async () => {
    const dataset = await read('pairs.txt', lines(ROWS), { format: 'jsonl' });
    expect(dataset.rowCount).toBe(2);
  });

  test('stops when the signal is aborted', async () => {
    const path = fileWith('x.jsonl', lines(ROWS));
    await expect(readDataset(path, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test('keeps a text that is longer than what is read at a time', async () => {
    const long = 'wörter '.repeat(400_000);
    const dataset = await read('x.jsonl', lines([{ anchor: long, positive: 'b' }, ...ROWS]));
    expect(dataset.texts(0, [0, 1, 2])).toEqual([long, 'a', 'c']);
  });
});

describe('what readDataset refuses', () => {
  test.each([
    [
      'x.jsonl',
      '{"question":"q","answer":"r"}\n',
      "missing-column: Expected the columns `anchor` and `positive` in x.jsonl, received `question`, `answer`. Rename them, or say which is which with `columns: { anchor: 'question', positive: 'answer' }`.",
    ],
    [
      'x.csv',
      'anchor,text\na,b\n',
      "missing-column: Expected the columns `anchor` and `positive` in x.csv, received `anchor`, `text`. Rename them, or say which is which with `columns: { anchor: 'anchor', positive: 'text' }`.",
    ],
    [
      'x.jsonl',
      '',
      'empty-file: Expected at least one row in x.jsonl, received an empty file. Check how it was written.',
    ],
    [
      'x.csv',
      'anchor,positive\n',
      'empty-file: Expected at least one row in x.csv, received an empty file. Check how it was written.',
    ],
    [
      'x.json',
      '',
      'unknown-format: Expected a file ending in .jsonl, .csv or .tsv (also with .gz or .zst behind), .parquet, .arrow or .feather, received .json in x.json. Rename it, or give the option `format`.',
    ],
    [
      'x.parquet.gz',
      '',
      'unknown-format: Expected a file ending in .jsonl, .csv or .tsv (also with .gz or .zst behind), .parquet, .arrow or .feather, received .parquet.gz in x.parquet.gz. Rename it, or give the option `format`.',
    ],
    [
      'x.jsonl',
      '{"anchor":"a","positive":"b"}\n\n{"anchor":"a","pos\n',
      'invalid-json: Expected JSON on line 3 of x.jsonl, received text that is none (...). Repair or remove that line.',
    ],
    [
      'x.jsonl',
      '["a","b"]\n',
      'invalid-json: Expected a JSON object such as {"anchor": "...", "positive": "..."} on line 1 of x.jsonl, received a list. Write one object a line.',
    ],
    [
      'x.jsonl',
      '{"anchor":"a","positive":"b"}\n{"anchor":"a"}\n',
      'missing-text: Expected a text in column `positive` on line 2 of x.jsonl, received nothing. Fill it in or remove that row.',
    ],
    [
      'x.csv',
      'anchor,positive\na,b\n,d\n',
      'missing-text: Expected a text in column `anchor` on line 3 of x.csv, received an empty text. Fill it in or remove that row.',
    ],
    [
      'x.jsonl',
      '{"anchor":"a","positive":7}\n',
      'invalid-text: Expected a string in column `positive` on line 1 of x.jsonl, received the number 7. Put the value in quotes.',
    ],
    [
      'x.jsonl',
      '{"anchor":"a","positive":"b","negative":["c","d"]}\n',
      'invalid-text: Expected a string in column `negative` on line 1 of x.jsonl, received a list of 2. Write one row for each text of the list, or negatives into a column `negatives`.',
    ],
    [
      'x.jsonl',
      '{"anchor":"a","positive":"b","negative_1":"c"}\n{"anchor":"a","positive":"b"}\n',
      'ragged-column: Expected every row to have the same negatives, received nothing in column `negative_1` on line 2 of x.jsonl. Fill it in or leave out that row or column.',
    ],
    [
      'x.jsonl',
      '{"anchor":"a","positive":"b"}\n{"anchor":"a","positive":"b","negative":"c"}\n',
      'ragged-column: Expected every row to have the columns of the first one, received the new column `negative` on line 2 of x.jsonl. Give every row the same negatives.',
    ],
    [
      'x.csv',
      'anchor,positive\n"a\nb",c\nd,e,f\n',
      'wrong-field-count: Expected 2 fields on line 4 of x.csv, as in its header, received 3. Put fields that hold a delimiter or a line end in quotes.',
    ],
    [
      'x.csv',
      'anchor,positive\na,b\n"c\n\nd",\n',
      'missing-text: Expected a text in column `positive` on line 3 of x.csv, received an empty text. Fill it in or remove that row.',
    ],
    [
      'x.csv',
      'anchor,positive\na,b\n"c,d\n',
      'invalid-csv: Expected well-formed fields on line 3 of x.csv, received text that is not (Quote Not Closed: the parsing is finished with an opening quote at line 3). Write a quote inside a quoted field twice, or read the file with `quote: false` if its quotes mean nothing.',
    ],
    [
      'x.csv',
      'anchor,anchor,positive\na,b,c\n',
      'repeated-column: Expected different column names on line 1 of x.csv, received `anchor` more than once. Rename one of them.',
    ],
    [
      'x.jsonl',
      '{"anchor":"a","positive":"b","label":1}\n{"anchor":"a","positive":"b","label":"x"}\n',
      'invalid-label: Expected a number in column `label` on line 2 of x.jsonl, received the text "x". Repair the row, or leave the labels out.',
    ],
  ])('%s with %j', async (name, content, expected) => {
    expect(await messageFor(name, content)).toBe(expected);
  });

  test('text of another encoding, with its line', async () => {
    const content = Buffer.concat([
      Buffer.from(lines(ROWS)),
      Buffer.from('{"anchor":"caf\xe9","positive":"b"}\n', 'latin1'),
    ]);
    expect(await messageFor('x.jsonl', content)).toBe(
      'invalid-utf8: Expected UTF-8 text on line 3 of x.jsonl, received bytes of another encoding. Convert the file to UTF-8.',
    );
    expect(await messageFor('x.csv', Buffer.from('anchor,positive\na,caf\xe9\n', 'latin1'))).toBe(
      'invalid-utf8: Expected UTF-8 text on line 2 of x.csv, received bytes of another encoding. Convert the file to UTF-8.',
    );
  });

  test('a mapping that names an unknown role, lacks one or names a column the file lacks', async () => {
    const content = lines([{ q: 'a', r: 'b' }]);
    expect(await messageFor('x.jsonl', content, { columns: { anchor: 'q', positve: 'r' } })).toMatch(
      /^invalid-columns: Expected the keys of `columns` to be .* received `positve`\. /,
    );
    expect(await messageFor('x.jsonl', content, { columns: { anchor: 'q' } })).toBe(
      'invalid-columns: Expected `columns` to name a column for `anchor` and one for `positive`, received `anchor`. Add `positive`.',
    );
    expect(await messageFor('x.jsonl', content, { columns: { anchor: 'q', positive: 's' } })).toBe(
      'missing-column: Expected the column `s` in x.jsonl for `positive`, received `q`, `r`. Name one of these in `columns`.',
    );
  });

  test('a missing file', async () => {
    const folder = folderWith({ 'x.jsonl': lines(ROWS) });
    expect(await refusal(() => readDataset(join(folder, 'y.jsonl')))).toEqual({
      code: 'file-not-found',
      message: `Expected a file or a folder at ${folder}/y.jsonl, received a path that does not exist. Check the path.`,
    });
  });

  test('a row that is not there', async () => {
    const dataset = await read('x.jsonl', lines(ROWS));
    for (const row of [-1, 2, 0.5, Number.NaN]) {
      expect(await refusal(() => dataset.texts(0, [row]))).toEqual({
        code: 'row-out-of-range',
        message: `Expected a row of dataset \`x\` from 0 to 1, received ${row}. Draw rows below \`rowCount\`.`,
      });
    }
    expect((await refusal(() => dataset.textHashes(2))).message).toBe(
      'Expected a column of dataset `x` from 0 to 1, received 2. Its columns are anchor, positive.',
    );
  });
});

describe('readDataset on any texts', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom('"', ',', '\n', '\r', '\t', '\uFEFF', '𝒳'),
    ),
    minLength: 1,
    maxLength: 12,
  });
  const rows = fc.array(fc.record({ anchor: text, positive: text, negative: text }), { minLength: 1, maxLength: 20 });

  async function expectSame(dataset: ColumnDataset, expected: readonly Record<string, string>[]): Promise<void> {
    for (const [column, role] of dataset.columns.entries()) {
      const texts = expected.map((row) => row[role] as string);
      expect(dataset.texts(column, allRows(dataset))).toEqual(texts);
      expect(dataset.textHashes(column)).toEqual(hashTexts(texts));
      const backwards = allRows(dataset).reverse();
      expect(dataset.texts(column, Int32Array.from(backwards))).toEqual([...texts].reverse());
    }
  }

  test('gives back what JSON Lines hold, half surrogate pairs too, with the hashes of core', async () => {
    const path = fileWith('any.jsonl', '');
    await fc.assert(
      fc.asyncProperty(rows, async (expected) => {
        writeFileSync(path, lines(expected));
        await expectSame(await readDataset(path), expected);
      }),
      { numRuns: 200 },
    );
  });

  test.each([',', '\t'] as const)('gives back what fields between %j hold', async (delimiter) => {
    const path = fileWith('any.csv', '');
    const field = (value: string): string => `"${value.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), async (any, lineEnd) => {
        const expected = any.map((row) =>
          Object.fromEntries(Object.entries(row).map(([role, value]) => [role, wellFormed(value)])),
        );
        const records = [
          ['anchor', 'positive', 'negative'],
          ...expected.map((row) => Object.values(row as Record<string, string>).map(field)),
        ];
        writeFileSync(path, records.map((record) => record.join(delimiter) + lineEnd).join(''));
        await expectSame(await readDataset(path, { format: delimiter === ',' ? 'csv' : 'tsv' }), expected as never);
      }),
      { numRuns: 200 },
    );
  });

  function wellFormed(value: string): string {
    return value.replace(/\p{Surrogate}/gu, '\uFFFD');
  }
});

const english = new URL('../../../../shared/data/english/train/', import.meta.url);

describe.skipIf(!existsSync(english))('the English training data', () => {
  test('has the 225,665 rows its README lists, in far less memory than as strings', async () => {
    const datasets = await readDatasets(fileURLToPath(english));
    expect(Object.fromEntries(datasets.map(({ name, rowCount }) => [name, rowCount]))).toEqual({
      medquad: 16_359,
      pubmedqa: 1_000,
      'snli-triplets': 6_339,
      'squad-question-sentence': 11_877,
      'tldr-description-command': 32_116,
      wikisplit: 15_000,
      'wordnet-example-definition': 35_449,
      'wordnet-lemma-definition': 107_525,
    });
    expect(datasets.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThan(55e6);
  });
});
