/** What a hub tells while it works. */
export type HubEvent =
  | {
      readonly type: 'download-start';
      readonly repository: string;
      readonly path: string;
      readonly sizeBytes: number;
      /** What an earlier download that was cut off has left. */
      readonly resumedBytes: number;
    }
  | {
      /** At most ten times a second for a file. */
      readonly type: 'download-progress';
      readonly repository: string;
      readonly path: string;
      readonly receivedBytes: number;
      readonly sizeBytes: number;
    }
  | {
      /** The file is checked and in the cache. */
      readonly type: 'download-end';
      readonly repository: string;
      readonly path: string;
      readonly sizeBytes: number;
      readonly elapsedMs: number;
    }
  | {
      readonly type: 'upload-start';
      readonly repository: string;
      readonly files: number;
      readonly sizeBytes: number;
    }
  | {
      /** A large file on its way to the storage, at most ten times a second. What the hub already has is not sent. */
      readonly type: 'upload-progress';
      readonly repository: string;
      readonly path: string;
      readonly sentBytes: number;
      readonly sizeBytes: number;
    }
  | {
      /** The files are a commit. */
      readonly type: 'upload-end';
      readonly repository: string;
      readonly commit: string;
      readonly url: string;
      readonly elapsedMs: number;
    }
  | {
      /** A request failed and is made again after `delayMs`. */
      readonly type: 'retry';
      readonly url: string;
      readonly reason: string;
      readonly delayMs: number;
    }
  | {
      /** The hub does not answer, and what the cache holds of the revision is used instead. */
      readonly type: 'hub-unreachable';
      readonly repository: string;
      readonly commit: string;
      readonly reason: string;
    };
