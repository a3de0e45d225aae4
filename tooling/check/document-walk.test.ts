import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../workspace.mjs';
import { checkScores, walkSteps } from './document-walk.mjs';
import { startRegistry } from './local-registry.mjs';

test('files and commands are done in the order of the document', () => {
  const markdown = [
    'In an empty folder, write `package.json`:',
    '```json\n{}\n```',
    '```sh\nnpm install\n```',
    'Write `src/index.ts`. It is short,\nvery short:',
    '```ts\nexport {};\n```',
  ].join('\n\n');
  expect(walkSteps('guide.md', markdown)).toEqual([
    { line: 4, file: 'package.json', text: '{}\n' },
    { line: 8, command: 'npm install' },
    { line: 15, file: 'src/index.ts', text: 'export {};\n' },
  ]);
});

test('a fence that is neither a file nor a command is refused, also where the file is named too far above', () => {
  expect(() => walkSteps('guide.md', 'Write `a.ts`:\n\n```ts\n1;\n```\n\nAnd so:\n\n```ts\n2;\n```')).toThrow(
    'Expected the fence at guide.md:10 to be `sh` or below a paragraph with "Write `file`", received neither. Say where it goes.',
  );
});

test('scores that training did not raise are refused', () => {
  expect(checkScores('NDCG@10 before: 0.2000\nmore\nNDCG@10 after: 0.5000\n')).toEqual({ before: 0.2, after: 0.5 });
  for (const printed of ['', 'NDCG@10 before: 0.2\n', 'NDCG@10 before: 0.2\nNDCG@10 after: 0.2\n']) {
    expect(() => checkScores(printed)).toThrow('to print an NDCG@10 before training and a larger one after');
  }
});

test('the guide tests, builds, trains by function and by command, compares, publishes and installs', () => {
  const guide = 'docs/contributing/add-a-loss.md';
  const steps = walkSteps(guide, readFileSync(path.join(root, guide), 'utf8'));
  const commands = steps.flatMap((step) => ('command' in step ? step.command.split('\n') : [])).join('\n');
  const inOrder = [
    'npm install --save-dev',
    'npm test',
    'npm run build',
    'node dist/try.js',
    'npx embedbag train',
    '--loss ./dist/index.js',
    'cmp ',
    'npm publish',
    'npm install @embedbag/cli @your-name/',
  ];
  const places = inOrder.map((text) => commands.indexOf(text));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('the registry gives back what was published to it, and knows nothing else', async () => {
  const registry = await startRegistry([]);
  try {
    const bytes = Buffer.from('tarball');
    const manifest = { name: '@a/b', version: '1.2.3', dependencies: { c: '1' } };
    const body = { versions: { '1.2.3': manifest }, _attachments: { 'b.tgz': { data: bytes.toString('base64') } } };
    expect((await fetch(`${registry.url}/@a%2fb`)).status).toBe(404);
    const put = await fetch(`${registry.url}/@a%2fb`, { method: 'PUT', body: JSON.stringify(body) });
    expect(put.status).toBe(201);
    const packument = await (await fetch(`${registry.url}/@a%2fb`)).json();
    expect(packument).toMatchObject({ 'dist-tags': { latest: '1.2.3' }, versions: { '1.2.3': manifest } });
    const tarball = await fetch(packument.versions['1.2.3'].dist.tarball);
    expect(Buffer.from(await tarball.arrayBuffer())).toEqual(bytes);
  } finally {
    await registry.close();
  }
});
