import { testTextDataset } from '@embedbag/testing';
import { datasetFromColumns } from './dataset-from-columns.js';
import { fileWith } from './fixtures/folder.js';
import { readDataset } from './read-dataset.js';

const ROWS = Array.from({ length: 300 }, (_, row) => ({
  anchor: `question ${row % 250}`,
  positive: `“answer”, ${row}\n\u{1F600}`,
  negative: `question ${row % 3}`,
  label: row / 4,
}));

const column = (name: 'anchor' | 'positive' | 'negative'): string[] => ROWS.map((row) => row[name]);

testTextDataset({
  name: 'datasetFromColumns',
  create: () =>
    datasetFromColumns({
      name: 'columns',
      columns: { positive: column('positive'), anchor: column('anchor'), negative: column('negative') },
      labels: ROWS.map(({ label }) => label),
    }),
});

testTextDataset({
  name: 'datasetFromColumns, one row without labels',
  create: () => datasetFromColumns({ name: 'one', columns: { anchor: ['a\uD800'], positive: [''] } }),
});

testTextDataset({
  name: 'readDataset, .jsonl',
  create: () => readDataset(fileWith('rows.jsonl', ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''))),
});

testTextDataset({
  name: 'readDataset, .csv with a mapping',
  create: () => {
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const lines = ROWS.map((row) => [row.positive, row.anchor, row.label].map((cell) => quoted(`${cell}`)).join(','));
    return readDataset(fileWith('rows.csv', `answer,question,gold\n${lines.join('\n')}\n`), {
      columns: { anchor: 'question', positive: 'answer', label: 'gold' },
    });
  },
});
