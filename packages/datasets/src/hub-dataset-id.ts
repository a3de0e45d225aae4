import { EmbedbagError, parseHubId } from '@embedbag/core';

const PREFIX = 'hf://datasets/';

/** What an `hf://datasets/...` address names. */
export interface HubDatasetId {
  readonly name: string;
  readonly revision: string | undefined;
  /** What follows: a config and a split, or a path or pattern in the repository. */
  readonly rest: string;
}

/** Whether a source is an address of the hub and not a path. */
export function isHubDataset(source: string): boolean {
  return source.startsWith('hf://');
}

/**
 * Reads `hf://datasets/owner/name@revision/config/split`; everything after the name may be missing. A revision with a
 * slash in it is one of `refs/convert/...` and `refs/pr/...`, or has `%2F` there.
 *
 * @throws EmbedbagError `invalid-hub-dataset`.
 */
export function parseHubDataset(source: string): HubDatasetId {
  const [, owner = '', name = '', at = '', rest = ''] =
    /^hf:\/\/datasets\/([^/@]+)\/([^/@]+)(?:@(refs\/(?:convert|pr)\/[^/]+|[^/]+))?(?:\/(.*))?$/.exec(source) ?? [];
  const id = `${owner}/${name}`;
  if (source.startsWith(PREFIX) && parseHubId(id) !== undefined && isDecodable(at)) {
    return { name: id, revision: at === '' ? undefined : decodeURIComponent(at), rest: rest.replace(/\/+$/, '') };
  }
  throw new EmbedbagError({
    code: 'invalid-hub-dataset',
    message: `Expected a dataset of the hub such as \`${PREFIX}owner/name\`, \`${PREFIX}owner/name@revision/config\` or \`${PREFIX}owner/name/config/train[:1000]\`, received \`${source}\`. Write it in one of these ways.`,
    details: { received: source },
  });
}

/**
 * Refuses options that only a dataset of the hub has.
 *
 * @throws EmbedbagError `conflicting-options`.
 */
export function checkHubOptions({ config, split }: { readonly config?: string; readonly split?: string }): void {
  const name = config !== undefined ? 'config' : split !== undefined ? 'split' : undefined;
  if (name === undefined) return;
  throw new EmbedbagError({
    code: 'conflicting-options',
    message: `Expected \`${name}\` with a source such as \`${PREFIX}owner/name\`, received it with files on this machine. Leave it out.`,
    details: { option: name },
  });
}

/**
 * Refuses a dataset of the hub among files that are to become one dataset.
 *
 * @throws EmbedbagError `conflicting-options`.
 */
export function checkNoneOfHub(sources: readonly string[]): void {
  const source = sources.find(isHubDataset);
  if (source === undefined) return;
  throw new EmbedbagError({
    code: 'conflicting-options',
    message: `Expected files on this machine in a list of sources, received \`${source}\`. Read it by itself, or give the list to \`readDatasets\`.`,
    details: { source },
  });
}

function isDecodable(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}
