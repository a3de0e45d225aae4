import { createRequire } from 'node:module';
import { EmbedbagError } from '@embedbag/core';

/** Where W&B's client is installed for the module at `from`, a `file:` address. Throws `wandb-client-missing`. */
export function wandbClientPath(from: string, client = '@wandb/sdk'): string {
  try {
    return createRequire(from).resolve(client);
  } catch (cause) {
    throw new EmbedbagError({
      code: 'wandb-client-missing',
      message:
        'Expected the client of Weights & Biases to be installed, received none. Run `npm install @wandb/sdk graphql`, or report to `tensorboard` or `jsonl` instead.',
      cause,
    });
  }
}
