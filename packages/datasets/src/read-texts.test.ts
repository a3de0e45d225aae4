import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { fileWith, refusal } from './fixtures/folder.js';
import { type ReadTextsOptions, readTexts } from './read-texts.js';
import type { ByteSource } from './source-blocks.js';

async function all(source: string | ByteSource, options?: ReadTextsOptions): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of readTexts(source, options)) texts.push(text);
  return texts;
}

describe('readTexts', () => {
  test('gives line n of a text file as text n, empty lines too', async () => {
    expect(await all(fileWith('x.txt', '\uFEFFone\r\n\r\ntwo \n{"three"}'))).toEqual(['one', '', 'two ', '{"three"}']);
    expect(await all(fileWith('x.txt', 'one\n'))).toEqual(['one']);
    expect(await all(fileWith('x.txt', ''))).toEqual([]);
  });

  test('gives the strings of JSON Lines and one key of their objects', async () => {
    const path = fileWith('x.jsonl', '"a\\nb"\n\n{"text":"c","title":"d"}\n');
    expect(await all(path)).toEqual(['a\nb', 'c']);
    const titled = fileWith('x.jsonl', '{"text":"c","title":"d"}\n');
    expect(await all(titled, { column: 'title' })).toEqual(['d']);
  });

  test('reads a stream cut anywhere, inside a character too', async () => {
    const bytes = Buffer.from('wörter\r\n日本\n𝒳');
    const pieces = Array.from(bytes, (byte) => Buffer.of(byte));
    expect(await all(Readable.from(pieces))).toEqual(['wörter', '日本', '𝒳']);
    expect(await all(Readable.from(['"a"\n"', 'b"\n']), { format: 'jsonl' })).toEqual(['a', 'b']);
  });

  test('copies what it keeps of a chunk, as a stream may use its memory again', async () => {
    const memory = Buffer.from('ab');
    async function* reused(): ByteSource {
      yield memory;
      memory.write('c\n');
      yield memory;
    }
    expect(await all(reused())).toEqual(['abc']);
  });

  test('says which line holds no text', async () => {
    const path = fileWith('x.jsonl', '"a"\n{"title":"b"}\n');
    expect(await refusal(() => all(path))).toEqual({
      code: 'missing-text',
      message: `Expected a string in the key \`text\` on line 2 of ${path}, received nothing. Write "..." or {"text": "..."} on each line.`,
    });
    expect(await refusal(() => all(Readable.from(['1\n']), { format: 'jsonl' }))).toEqual({
      code: 'invalid-text',
      message:
        'Expected a string in place of line 1 of the input, received the number 1. Write "..." or {"text": "..."} on each line.',
    });
  });

  test('refuses files whose lines are no texts, and a missing one', async () => {
    expect((await refusal(() => all('pairs.csv'))).message).toBe(
      'Expected one text a line or .jsonl, received pairs.csv. Write its texts one a line, or read its columns with `readDataset`.',
    );
    expect((await refusal(() => all('absent.txt'))).code).toBe('file-not-found');
  });

  test('stops when the signal is aborted between two texts', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const work = async (): Promise<void> => {
      for await (const text of readTexts(Readable.from(['a\n', 'b\n', 'c\n']), { signal: controller.signal })) {
        seen.push(text);
        controller.abort(new Error('enough'));
      }
    };
    await expect(work()).rejects.toThrow('enough');
    expect(seen).toEqual(['a']);
  });
});
