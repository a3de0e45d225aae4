import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { fileWith, folderWith, refusal } from './fixtures/folder.js';
import { openDataset } from './open-dataset.js';
import { readDataset } from './read-dataset.js';

const ANCHORS = ['a', '', 'c'];
const POSITIVES = ['', 'y', 'z'];

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'rows.jsonl': ANCHORS.map((anchor, row) => `${JSON.stringify({ anchor, positive: POSITIVES[row] })}\n`).join(''),
  'rows.csv': `anchor,positive\n${ANCHORS.map((anchor, row) => `${anchor},${POSITIVES[row]}\n`).join('')}`,
  'rows.parquet': new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'anchor', data: ANCHORS, type: 'STRING' },
        { name: 'positive', data: POSITIVES, type: 'STRING' },
      ],
    }),
  ),
};

test.each(Object.keys(FILES))(
  'empty texts of %s are read as they are where they are allowed, and else refused',
  async (name) => {
    const path = fileWith(name, FILES[name] ?? '');
    const open = await openDataset(path, { allowEmptyTexts: true });
    for (const dataset of [await readDataset(path, { allowEmptyTexts: true }), open]) {
      expect(await dataset.texts(0, [0, 1, 2])).toEqual(ANCHORS);
      expect(await dataset.texts(1, [0, 1, 2])).toEqual(POSITIVES);
    }
    for (const read of [readDataset, openDataset]) {
      const { code, message } = await refusal(() => read(path));
      expect({ code, message }).toEqual({
        code: 'missing-text',
        message: expect.stringMatching(/^Expected a text in column `positive`.*, received an empty text\. Fill it in/),
      });
    }
  },
);

test('an index that was made with empty texts is not taken for one without', async () => {
  const folder = folderWith({ 'rows.jsonl': FILES['rows.jsonl'] ?? '' });
  const indexFolder = `${folder}/index`;
  const path = `${folder}/rows.jsonl`;
  await openDataset(path, { allowEmptyTexts: true, indexFolder });
  expect((await openDataset(path, { allowEmptyTexts: true, indexFolder })).rowCount).toBe(3);
  expect((await refusal(() => openDataset(path, { indexFolder }))).code).toBe('index-outdated');
});
