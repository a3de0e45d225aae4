import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * The part of a blob that is here so far, and who may write to it.
 *
 * A download writes to `<blob>.<machine>-<process>-<number>.incomplete`, which no one else writes to. One that gives up
 * renames its file to `<blob>.free.incomplete`, and one that was killed leaves a name whose process is gone: the next
 * download takes either over by renaming it, which only one of several can. While a live process works on a blob others
 * wait for it; where that cannot be told, as on a file system shared with other machines, both download, which costs
 * bandwidth and nothing else. huggingface_hub passes such names over.
 */

/** A live download touches its file far more often; an older one is not waited for. */
const SILENT_MS = 90_000;
const FREE = 'free';

/** The machine of a process number: those of two machines that share a cache are not compared. */
function machineName(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

interface Candidate {
  readonly file: string;
  readonly owner: string;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function candidates(blobs: string, blob: string): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const name of await readdir(blobs)) {
    if (!name.startsWith(`${blob}.`) || !name.endsWith('.incomplete')) continue;
    found.push({ file: join(blobs, name), owner: name.slice(blob.length + 1, -'.incomplete'.length) });
  }
  return found;
}

/** Whether the one who wrote a file has left it: said so, or is a process of this machine that is gone. */
function isLeft({ owner }: Candidate): boolean {
  if (owner === FREE) return true;
  const match = /^([0-9a-f]{8})-(\d+)-[0-9a-f]{8}$/.exec(owner);
  return match !== null && match[1] === machineName() && !isAlive(Number(match[2]));
}

async function isBusy(candidate: Candidate): Promise<boolean> {
  if (isLeft(candidate)) return false;
  const status = await stat(candidate.file).catch(() => undefined);
  return status !== undefined && Date.now() - status.mtimeMs < SILENT_MS;
}

/** A part of a blob that this process alone writes to. */
export interface PartialBlob {
  readonly file: string;
  /** Leaves it to the next download; an empty one is taken away. */
  leave(): Promise<void>;
  /** Takes it away, and everything else that has been left of this blob. */
  remove(): Promise<void>;
}

function owned(blobs: string, blob: string, file: string): PartialBlob {
  return {
    file,
    leave: async () => {
      const status = await stat(file).catch(() => undefined);
      if (status === undefined) return;
      if (status.size === 0) await rm(file, { force: true });
      else await rename(file, join(blobs, `${blob}.${FREE}.incomplete`));
    },
    remove: async () => {
      await rm(file, { force: true });
      for (const other of await candidates(blobs, blob)) if (isLeft(other)) await rm(other.file, { force: true });
    },
  };
}

/**
 * The part of `blob` to go on with: what an earlier download has left, or a new empty file. Undefined while another
 * process works on it.
 */
export async function claimPartial(blobs: string, blob: string): Promise<PartialBlob | undefined> {
  await mkdir(blobs, { recursive: true });
  const found = await candidates(blobs, blob);
  for (const candidate of found) if (await isBusy(candidate)) return undefined;
  const file = join(blobs, `${blob}.${machineName()}-${process.pid}-${randomUUID().slice(0, 8)}.incomplete`);
  for (const candidate of found) {
    if (!isLeft(candidate)) continue;
    const isMine = await rename(candidate.file, file).then(
      () => true,
      () => false,
    );
    if (!isMine) continue;
    const now = new Date();
    await utimes(file, now, now);
    return owned(blobs, blob, file);
  }
  await writeFile(file, '');
  return owned(blobs, blob, file);
}
