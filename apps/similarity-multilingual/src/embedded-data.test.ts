import { expect, test } from 'vitest';
import { embeddedData } from './embedded-data.js';

test('the default data are the messages of the compiler in 14 languages, and no held-out message is trained on', async () => {
  const { datasets, sets, messages, heldOutMessages, tokenizer } = await embeddedData(new AbortController().signal);
  expect(datasets.map(({ name }) => name)).toEqual(
    ['cs', 'de', 'es', 'fr', 'it', 'ja', 'ko', 'pl', 'pt-br', 'ru', 'tr', 'zh-cn', 'zh-tw'].map((name) => `en-${name}`),
  );
  expect(sets.map(({ name }) => `en-${name}`)).toEqual(datasets.map(({ name }) => name));
  for (const [index, dataset] of datasets.entries()) {
    const size = sets[index]?.size ?? 0;
    expect(size).toBeGreaterThan(350);
    expect(dataset.rowCount + size).toBeGreaterThan(2_050);
    const all = Array.from({ length: dataset.rowCount }, (_, row) => row);
    const trained = new Set(await dataset.texts(1, all));
    for (const text of heldOutMessages.get(sets[index]?.name ?? '') ?? []) expect(trained.has(text)).toBe(false);
  }
  expect(messages.find(({ title }) => title === 'en 1003')?.text).toBe('Identifier expected.');
  expect(messages.find(({ title }) => title === 'de 1003')?.text).toBe('Es wurde ein Bezeichner erwartet.');
  expect(tokenizer.vocabularySize).toBeLessThanOrEqual(16_000);
});
