import { EmbedbagError, isEmbedbagError } from './embedbag-error.js';

/** The version tag of {@link Hub}. */
export const HUB_CONTRACT = 'embedbag/hub@1';

/** One repository of a hub, at one revision. */
export interface HubRepository {
  readonly type: 'model' | 'dataset';
  /** Such as `sentence-transformers/static-retrieval-mrl-en-v1`. */
  readonly name: string;
  /** A branch, a tag, a commit or a reference such as `refs/convert/parquet`; `main` by default. */
  readonly revision?: string;
}

/** A file of a {@link HubSnapshot}. */
export interface HubFile {
  /** Its path in the repository, with forward slashes. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** The files of a repository at one commit. */
export interface HubSnapshot {
  readonly repository: HubRepository;
  /** The commit that the revision stood for, 40 hexadecimal digits. */
  readonly commit: string;
  /** Every file, sorted by path. */
  readonly files: readonly HubFile[];
  /** The path of a file on this machine; it is downloaded first where it is not here yet, and whole when this resolves. */
  download(path: string, signal?: AbortSignal): Promise<string>;
}

/**
 * Where models and datasets are found by name: `createHub()` of `@embedbag/hub`, or any object of this contract.
 *
 * What reads a model or a dataset takes it as an option, so that only those who name a repository need the package.
 */
export interface Hub {
  readonly contract: typeof HUB_CONTRACT;
  /** Names it in error messages, such as `https://huggingface.co`. */
  readonly name: string;
  /** Looks a revision up and lists its files. */
  open(repository: HubRepository, signal?: AbortSignal): Promise<HubSnapshot>;
}

/** The name of a repository and, where the id has one, the revision. */
export interface HubId {
  readonly name: string;
  readonly revision?: string;
}

const NAME_PART = /^[A-Za-z0-9_](?:[\w.-]*[\w-])?$/;

/** Whether `name` is `owner/name` as the hub allows it: letters, digits, `-`, `_` and `.`, at most 96 characters each. */
function isRepositoryName(name: string): boolean {
  const parts = name.split('/');
  return (
    parts.length === 2 &&
    parts.every((part) => part.length <= 96 && NAME_PART.test(part) && !part.includes('--') && !part.includes('..'))
  );
}

/**
 * Reads `owner/name` or `owner/name@revision`; undefined where `text` is neither, as a path is.
 *
 * @example
 * ```ts
 * parseHubId('google-bert/bert-base-uncased@main')?.revision; // => 'main'
 * parseHubId('./my-model'); // => undefined
 * ```
 */
export function parseHubId(text: string): HubId | undefined {
  const at = text.indexOf('@');
  const name = at === -1 ? text : text.slice(0, at);
  if (!isRepositoryName(name)) return undefined;
  if (at === -1) return { name };
  const revision = text.slice(at + 1);
  return revision === '' ? undefined : { name, revision };
}

/**
 * The snapshot that an id names, for what reads a path or an id and has found nothing at that path. Undefined where `id`
 * is no id of a repository, so that the caller says what it expected.
 *
 * @throws EmbedbagError `hub-missing` where the id needs a hub and none was given; otherwise what `hub.open` throws.
 */
export async function openHubId(
  id: string,
  type: HubRepository['type'],
  hub: Hub | undefined,
  signal?: AbortSignal,
): Promise<HubSnapshot | undefined> {
  const parsed = parseHubId(id);
  if (parsed === undefined) return undefined;
  if (hub !== undefined) return openOrSayBoth(hub, id, { type, ...parsed }, signal);
  throw new EmbedbagError({
    code: 'hub-missing',
    message: `Expected \`${id}\` to be a path on this machine, received none there and no \`hub\` to look for a ${type} of that name. Check the path, or give \`hub: createHub()\` of @embedbag/hub.`,
    details: { id, type },
  });
}

/** A mistyped path such as `my-model/fnal` reads like an id, so a failure names both places. */
async function openOrSayBoth(
  hub: Hub,
  id: string,
  repository: HubRepository,
  signal: AbortSignal | undefined,
): Promise<HubSnapshot> {
  try {
    return await hub.open(repository, signal);
  } catch (error) {
    if (!isEmbedbagError(error)) throw error;
    throw new EmbedbagError({
      code: error.code,
      message: `${error.message} There is nothing at the path \`${id}\` on this machine either.`,
      details: error.details,
      cause: error,
    });
  }
}
