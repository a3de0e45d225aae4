import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelFolder } from './fixtures/model-folder.js';
import { replaceFolder } from './replace-folder.js';

const place = modelFolder();
beforeEach(place.open);
afterEach(place.close);

describe('replaceFolder', () => {
  const options = { kind: 'a test', isReplaceable: () => true };

  it('leaves the old folder and nothing else when writing fails', async () => {
    await mkdir(place.folder);
    await writeFile(join(place.folder, 'old.txt'), 'old');
    const failure = new Error('half way');
    const half = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, 'new.txt'), 'new');
      throw failure;
    };
    await expect(replaceFolder(place.folder, half, options)).rejects.toBe(failure);
    await expect(replaceFolder(join(place.root, 'x', 'y'), half, options)).rejects.toBe(failure);
    expect(await readdir(place.root)).toEqual(['model']);
    expect(await readdir(place.folder)).toEqual(['old.txt']);
  });

  it('puts the old folder back when the new one cannot take its place', async () => {
    await mkdir(place.folder);
    await writeFile(join(place.folder, 'old.txt'), 'old');
    const vanish = (temporary: string): Promise<void> => rm(temporary, { recursive: true });
    await expect(replaceFolder(place.folder, vanish, options)).rejects.toMatchObject({ code: 'output-not-writable' });
    expect(await readdir(place.root)).toEqual(['model']);
    expect(await readdir(place.folder)).toEqual(['old.txt']);
  });

  it('shows the new folder only when it is whole', async () => {
    const write = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, 'a'), '');
      expect(existsSync(place.folder)).toBe(false);
      await writeFile(join(temporary, 'b'), '');
    };
    await replaceFolder(place.folder, write, options);
    expect((await readdir(place.folder)).sort()).toEqual(['a', 'b']);
  });

  it('gives the new folder the permissions of any new folder', async () => {
    await mkdir(join(place.root, 'plain'));
    await replaceFolder(place.folder, async () => {}, options);
    expect((await stat(place.folder)).mode).toBe((await stat(join(place.root, 'plain'))).mode);
  });
});
