import type { Loss } from '@embedbag/core';
import type { DatasetSample } from './dataset-samples.js';
import { markdownTable } from './markdown-table.js';

/** Longer texts are cut in the card. */
const MOST_LETTERS = 300;

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });

/** A text as a cell that shows it as it is. */
function cell(text: string): string {
  const letters = [...text];
  const cut = letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS).join('')}...` : text;
  return cut
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]#]/g, '\\$&');
}

function samplesTable({ columns, texts, labels }: DatasetSample): string {
  const rows = (texts[0] ?? []).map((_, row) => [
    ...texts.map((column) => cell(column[row]!)),
    ...(labels === undefined ? [] : [labels[row]!.map(number).join(', ')]),
  ]);
  return markdownTable([...columns, ...(labels === undefined ? [] : ['label'])], rows);
}

function tokensTable({ columns, tokens }: DatasetSample): string {
  const rows = columns.map((column, i) => {
    const { min, mean, max } = tokens[i]!;
    return [column, number(min), number(mean), number(max)];
  });
  return markdownTable(['column', 'fewest tokens', 'mean', 'most'], rows);
}

/** The part of a card about one dataset: its size, its tokens, rows of it, and the loss it was trained with. */
export function datasetSection(sample: DatasetSample, loss: Loss): string {
  const { name, rows, columns, countedRows } = sample;
  const counted = countedRows < rows ? ` of the first ${number(countedRows)} rows` : '';
  return `#### ${cell(name)}

- Size: ${number(rows)} rows
- Columns: ${columns.map((column) => `\`${column}\``).join(', ')}
- Loss: \`${loss.name}\`

Tokens${counted}:

${tokensTable(sample)}

The first rows:

${samplesTable(sample)}`;
}
