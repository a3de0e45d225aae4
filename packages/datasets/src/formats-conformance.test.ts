import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testTextDataset } from '@embedbag/testing';
import { collectRows } from './collect-rows.js';
import { readDataset } from './read-dataset.js';

const FORMATS = fileURLToPath(new URL('./fixtures/formats/', import.meta.url));
const COLUMNS = { anchor: 'anchor', positive: 'positive', negatives: 'negatives', label: 'label' };

// Files of other programs, with a list of negatives of any length a row.
for (const name of readdirSync(FORMATS).filter((each) => !each.endsWith('.json'))) {
  testTextDataset({ name, create: () => readDataset(join(FORMATS, name), { columns: COLUMNS }) });
}

testTextDataset({
  name: 'collectRows',
  create: () => {
    const texts = Array.from({ length: 250 }, (_, row) => `text ${row % 90} \u{1F600}`);
    const rows = texts.map((anchor, row) => ({
      anchor,
      positive: `to ${anchor}`,
      negative_1: `${row}`,
      score: row / 8,
    }));
    return collectRows(rows, { name: 'collected' });
  },
});
