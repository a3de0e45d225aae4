import type { HubRepository } from '@embedbag/core';

/** What a request is about, for messages. */
export interface RequestSubject {
  readonly endpoint: string;
  readonly repository: HubRepository;
  /** The file, where the request is for one. */
  readonly path?: string;
  /** Undefined for what only reads. */
  readonly purpose?: 'upload';
}

/** The page of a repository on the hub. */
export function pageOf({ endpoint, repository }: RequestSubject): string {
  return `${endpoint}/${repository.type === 'dataset' ? 'datasets/' : ''}${repository.name}`;
}

/** Names a repository in messages, such as the model `owner/name`. */
export function describeRepository({ type, name }: HubRepository): string {
  return `the ${type} \`${name}\``;
}
