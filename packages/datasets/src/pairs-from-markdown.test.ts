import { describe, expect, test } from 'vitest';
import { folderWith, refusal } from './fixtures/folder.js';
import { pairsFromMarkdown } from './pairs-from-markdown.js';

const GUIDE = `---
title: not prose
---
Text before any heading is dropped.

# The \`Guide\`

How to *use* [the tool](https://example.com) well.

\`\`\`sh
npm install
\`\`\`

## Install

<!-- a comment -->
Run the installer once.

- Choose a folder.
- Wait a minute.

| a | b |
|---|---|
| 1 | 2 |

### On Windows

Use the other installer instead.

## Empty

## Again

Run the installer once. Choose a folder. Wait a minute.
`;

describe('pairsFromMarkdown', () => {
  test('pairs each heading and those above it with the prose below it', async () => {
    const { train, heldOut } = await pairsFromMarkdown(folderWith({ 'guide.md': GUIDE }), { heldOutShare: 0 });
    expect(train).toEqual({
      titles: ['The Guide', 'The Guide > Install', 'The Guide > Install > On Windows'],
      anchors: ['the guide', 'the guide install', 'the guide install on windows'],
      positives: [
        'How to use the tool well.',
        'Run the installer once. Choose a folder. Wait a minute.',
        'Use the other installer instead.',
      ],
    });
    expect(heldOut.anchors).toEqual([]);
  });

  test('a title in the front matter stands for a missing first heading, its description is prose', async () => {
    const page = (head: string, body: string): string => `---\n${head}\n---\n${body}`;
    const files = {
      'a.md': page(
        'title: "npm-access"\ndescription: Set access level on packages',
        '### Details\n\nOnly on the registry here.',
      ),
      'b.md': page('title: unused', '# First\n\nThe heading of the file wins.'),
      'c.md': page('title: [broken', '## Second\n\nThe rest is read all the same.'),
      'd.md': page('title: Page', 'Prose before any other heading.\n\n## Third\n\nProse below the third heading.'),
    };
    const { train } = await pairsFromMarkdown(folderWith(files), { heldOutShare: 0 });
    expect(train.titles.map((title, row) => [title, train.positives[row]])).toEqual([
      ['npm-access', 'Set access level on packages.'],
      ['npm-access > Details', 'Only on the registry here.'],
      ['First', 'The heading of the file wins.'],
      ['Second', 'The rest is read all the same.'],
      ['Page', 'Prose before any other heading.'],
      ['Page > Third', 'Prose below the third heading.'],
    ]);
  });

  test('keeps all sections of one heading on one side', async () => {
    const files = Array.from({ length: 60 }, (_, index) => [
      `${index}.md`,
      `# Doc ${index}\n## Topic ${index % 20}\nWords of document ${index} here.\n`,
    ]);
    const { train, heldOut } = await pairsFromMarkdown(folderWith(Object.fromEntries(files)), { heldOutShare: 0.5 });
    const topics = (titles: readonly string[]): Set<string | undefined> =>
      new Set(titles.map((title) => title.split(' > ')[1]));
    expect(topics(train.titles).size + topics(heldOut.titles).size).toBe(20);
    expect(heldOut.titles.length).toBe(topics(heldOut.titles).size * 3);
  });

  test('writes the anchor as the path when told', async () => {
    const folder = folderWith({ 'guide.md': GUIDE });
    const { train } = await pairsFromMarkdown(folder, { heldOutShare: 0, anchor: 'path' });
    expect(train.anchors).toEqual(train.titles);
  });

  test('refuses a folder without Markdown', async () => {
    const folder = folderWith({ 'x.txt': 'text' });
    expect((await refusal(() => pairsFromMarkdown(folder))).message).toBe(
      `Expected at least one .md file in ${folder}, received none. Check the path; folders named node_modules inside it are searched only with \`includeNodeModules\`.`,
    );
  });

  test('stops when the signal is aborted', async () => {
    const folder = folderWith({ 'guide.md': GUIDE });
    await expect(pairsFromMarkdown(folder, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
