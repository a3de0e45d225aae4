import type { Hub } from '@embedbag/core';
import { createHub, type HubEvent } from '@embedbag/hub';

const MEGABYTE = 1e6;

function size(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / MEGABYTE)} MB`;
}

/** What a person is told of a hub's work: one line a file, not one a piece. */
export function hubEventLine(event: HubEvent): string | undefined {
  switch (event.type) {
    case 'download-start': {
      const resumed = event.resumedBytes > 0 ? `, of which ${size(event.resumedBytes)} are here` : '';
      return `Downloading ${event.path} of ${event.repository}, ${size(event.sizeBytes)}${resumed}`;
    }
    case 'upload-start':
      return `Uploading ${event.files} files to ${event.repository}, ${size(event.sizeBytes)}`;
    case 'retry':
      return `The hub does not answer as it should (${event.reason}); trying again in ${Math.ceil(event.delayMs / 1000)} s`;
    case 'hub-unreachable':
      return `The hub does not answer; using ${event.repository} at commit ${event.commit.slice(0, 7)} from the cache`;
    default:
      return undefined;
  }
}

/**
 * The hub of a program: set up by the environment (`HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_OFFLINE`, ...), it says on
 * `stderr` what it downloads.
 */
export function programHub({ stderr }: { readonly stderr: NodeJS.WritableStream }): Hub {
  return createHub({
    onEvent: (event) => {
      const line = hubEventLine(event);
      if (line !== undefined) stderr.write(`${line}\n`);
    },
  });
}
