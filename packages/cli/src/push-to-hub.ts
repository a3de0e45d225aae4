import { ensureModelRepository, type HubEvent, type UploadedModel, uploadModel } from '@embedbag/hub';
import { hubEventLine } from './program-hub.js';
import type { ProgramContext } from './run-program.js';

/** Where a trained model is to be uploaded. */
export interface HubTarget {
  /** `owner/name`. */
  readonly name: string;
  readonly isPrivate: boolean;
}

/** The way of a trained model to the hub. */
export interface HubPush {
  /** Uploads a model folder, telling of it on stderr. */
  upload(folder: string): Promise<UploadedModel>;
}

/**
 * Makes the repository of a model that is yet to be trained, so that a wrong name or token is told at once and not after hours.
 */
export async function openHubPush({ name, isPrivate }: HubTarget, context: ProgramContext): Promise<HubPush> {
  const { stderr, signal } = context;
  const onEvent = (event: HubEvent): void => {
    const line = hubEventLine(event);
    if (line !== undefined) stderr.write(`${line}\n`);
  };
  const options = { name, onEvent, ...(isPrivate && { private: true }) };
  await ensureModelRepository({ ...options, signal });
  return { upload: (folder) => uploadModel(folder, { ...options, signal }) };
}
