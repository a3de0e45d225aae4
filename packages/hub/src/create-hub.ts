import { EmbedbagError, HUB_CONTRACT, type Hub, type HubRepository, type HubSnapshot } from '@embedbag/core';
import { checkRepository } from './check-repository.js';
import { HubRequests } from './hub-requests.js';
import { type HubOptions, hubSettings } from './hub-settings.js';
import { openSnapshot, type SnapshotContext } from './open-snapshot.js';

/** Lets `limit` pieces of work run at the same time; the others wait in order. */
function turns(limit: number): SnapshotContext['inTurn'] {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= limit) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

/** Runs `work`, and says of the system's own errors what they mean for the cache. */
async function overCache<Result>(cacheFolder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const code = error.code ?? error.message;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    const remedy = isFull ? 'Free some space' : 'Check its permissions and the disk';
    throw new EmbedbagError({
      code: isFull ? 'hub-disk-full' : 'hub-cache-not-writable',
      message: `Expected a cache that can be read and written at ${cacheFolder}, received ${code}${error.path === undefined ? '' : ` for ${error.path}`}. ${remedy}, or set HF_HUB_CACHE to another folder.`,
      details: { cacheFolder, reason: code },
      cause: error,
    });
  }
}

/**
 * The Hugging Face Hub, or one that speaks its HTTP: lists the files of a model or dataset, and downloads those that are
 * asked for into the cache that Python's huggingface_hub shares. Node only.
 *
 * Settings that are left out come from the environment: `HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_CACHE`,
 * `HF_HUB_OFFLINE`, ... Nothing is requested before a repository is opened.
 *
 * `open` and `download` reject with an {@link EmbedbagError}: `hub-unauthorized`, `hub-gated`, `hub-forbidden`,
 * `hub-repository-not-found`, `hub-revision-not-found`, `hub-file-not-found`, `hub-rate-limited`, `hub-server-error`,
 * `hub-unexpected-status`, `hub-storage-refused`, `hub-unreachable`, `hub-wrong-answer`, `hub-corrupt-download`, `hub-download-cut-off`,
 * `hub-offline`, `hub-unsafe-path`, `hub-invalid-repository`, `hub-invalid-token`, `hub-disk-full` or
 * `hub-cache-not-writable`; and with the signal's reason where it was aborted.
 *
 * @throws EmbedbagError `hub-invalid-endpoint`, `invalid-option`.
 *
 * @example
 * ```ts
 * const hub = createHub();
 * const snapshot = await hub.open({ type: 'model', name: 'google-bert/bert-base-uncased' });
 * const path = await snapshot.download('tokenizer.json');
 * ```
 */
export function createHub(options: HubOptions = {}): Hub {
  const settings = hubSettings(options);
  const context = { settings, requests: new HubRequests(settings), inTurn: turns(settings.downloadsAtOnce) };
  return Object.freeze({
    contract: HUB_CONTRACT,
    name: settings.endpoint,
    open: async (repository: HubRepository, signal?: AbortSignal): Promise<HubSnapshot> => {
      checkRepository(repository);
      const snapshot = await overCache(settings.cacheFolder, () => openSnapshot(context, repository, signal));
      return {
        ...snapshot,
        download: (path, downloadSignal) =>
          overCache(settings.cacheFolder, () => snapshot.download(path, downloadSignal)),
      };
    },
  });
}
