import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../workspace.mjs';
import { isAsPromised, isRunnable, printed, runFence } from './run-fence.js';

const FOLDER = 'examples/losses';
/** It would download a model. */
const NOT_RUN = 'gist-with-a-transformer.ts';

const files = readdirSync(path.join(root, FOLDER)).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
const examples = files.filter((file) => file !== 'tiny-data.ts' && file !== NOT_RUN);

describe('the examples of losses', () => {
  test.each(examples)('%s prints what it promises', async (file) => {
    const example = { file: `${FOLDER}/${file}`, line: 1, code: readFileSync(path.join(root, FOLDER, file), 'utf8') };
    expect(isRunnable(example)).toBe(true);
    const results = await runFence(example);
    const wrong = results.filter((one) => !isAsPromised(one.actual, one.expected));
    expect(wrong.map((one) => `${file}:${one.line} // => ${one.expected}, received ${printed(one.actual)}`)).toEqual(
      [],
    );
    expect(results.length).toBe(example.code.split('// =>').length - 1);
  });

  test('each is listed in the README', () => {
    const readme = readFileSync(path.join(root, FOLDER, 'README.md'), 'utf8');
    for (const file of [...examples, NOT_RUN]) expect(readme).toContain(`| [${file}](${file}) | `);
  });

  test('each loss has one', () => {
    const index = readFileSync(path.join(root, 'packages/losses/src/index.ts'), 'utf8');
    const losses = [...index.matchAll(/\b([a-z]\w*(?:Loss|Losses|Regularization))\b/g)].map((match) => match[1]!);
    const exported = new Set([...losses, 'matryoshkaLoss', 'multipleNegativesRankingLoss']);
    const used = examples.map((file) => readFileSync(path.join(root, FOLDER, file), 'utf8')).join('\n');
    expect(exported.size).toBeGreaterThan(12);
    for (const loss of exported) expect(used).toContain(`${loss}(`);
  });
});
