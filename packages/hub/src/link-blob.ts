import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

/** What a system says that makes no links here, or not for this user. */
const REFUSALS = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL']);

async function linkOrCopy(blob: string, pointer: string, draft: string, symlinks: boolean): Promise<void> {
  if (symlinks) {
    try {
      // Relative, so that the cache may be moved.
      await symlink(relative(dirname(pointer), blob), draft);
      return;
    } catch (error) {
      if (!REFUSALS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  await copyFile(blob, draft, constants.COPYFILE_FICLONE);
  const handle = await open(draft, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Puts a blob into a snapshot: as a symbolic link, or as a copy where the system refuses links, as Windows does for most
 * users. It appears whole or not at all, and takes the place of what was there.
 */
export async function linkBlob(blob: string, pointer: string, symlinks: boolean): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  const draft = join(dirname(blob), `${basename(blob)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await linkOrCopy(blob, pointer, draft, symlinks);
    await rename(draft, pointer);
  } finally {
    await rm(draft, { force: true });
  }
}
