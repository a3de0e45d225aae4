import { Worker } from 'node:worker_threads';
import { EmbedbagError, type TrainingEvent } from '@embedbag/core';
import type { TrainingCallback, TrainingControl } from '../training-callback.js';
import { scalarsOf } from './training-scalars.js';
import { wandbClientPath } from './wandb-client-path.js';
import { type WandbLoggerOptions, type WandbSettings, wandbSettings } from './wandb-settings.js';
import { WANDB_WORKER_SOURCE } from './wandb-worker-source.js';

type TrainingStart = Extract<TrainingEvent, { readonly type: 'training-start' }>;

const ATTEMPTS = 5;
const MOST_SAID = 300;

/** What the thread of the client tells. */
type FromClient =
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'started'; readonly url: string }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'finished' };

/** The thread of the client, and what it has said that nobody asked for. */
class WandbClient {
  readonly #worker: Worker;
  readonly #said: string[] = [];
  #failure: string | undefined;
  #wake: (message: FromClient) => void = () => undefined;

  constructor(module: string, settings: WandbSettings, start: TrainingStart) {
    const { project, entity, apiKey, baseUrl, retryDelayMs } = settings;
    const { arguments: args, setup, backend, threads, startStep } = start;
    const init = {
      project,
      entity,
      ...(start.runName === undefined ? {} : { name: start.runName }),
      config: { ...args, backend, threads, startStep, setup },
      settings: { apiKey, baseUrl, silent: true },
    };
    const workerData = { module, init, attempts: ATTEMPTS, retryDelayMs };
    this.#worker = new Worker(WANDB_WORKER_SOURCE, { eval: true, workerData, stdout: true, stderr: true });
    this.#worker.on('message', (message: FromClient) => {
      if (message.type === 'said') this.#said.push(message.text);
      else this.#wake(message);
    });
    this.#worker.on('error', (error) => this.#end(error.message));
    this.#worker.on('exit', () => this.#end('its thread ended'));
  }

  /** What went wrong so far, in the client's words; undefined when nothing did. */
  get trouble(): string | undefined {
    const said = [...this.#said, ...(this.#failure === undefined ? [] : [this.#failure])];
    // The client prints whole requests with their errors; the first lines say what happened.
    const lines = said.map((text) => text.split('\n')[0]!.trim());
    return lines.length === 0 ? undefined : [...new Set(lines)].join('; ').slice(0, MOST_SAID);
  }

  get isLost(): boolean {
    return this.#failure !== undefined;
  }

  send(message: object): void {
    this.#worker.postMessage(message);
  }

  /** The next thing that is not mere talk; what the client refuses or does not say in time rejects. */
  async answer(timeoutMs: number): Promise<Exclude<FromClient, { readonly type: 'said' | 'refused' }>> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`nothing for ${timeoutMs / 1000} s`)), timeoutMs);
        this.#wake = (message) => {
          if (message.type === 'refused') reject(new Error(message.reason));
          else if (message.type !== 'said') resolve(message);
        };
        if (this.#failure !== undefined) reject(new Error(this.#failure));
      });
    } finally {
      clearTimeout(timer);
      this.#wake = () => undefined;
    }
  }

  async terminate(): Promise<void> {
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
  }

  #end(reason: string): void {
    this.#failure ??= reason;
    this.#wake({ type: 'refused', reason });
  }
}

function refused(settings: WandbSettings, reason: string, trouble: string | undefined): EmbedbagError {
  const { baseUrl, project } = settings;
  const said = trouble === undefined || trouble === reason ? '' : ` (${trouble})`;
  return new EmbedbagError({
    code: 'wandb-refused',
    message: `Expected Weights & Biases at ${baseUrl} to begin a run in the project \`${project}\`, received from its client: ${reason}${said}. Check WANDB_API_KEY, WANDB_ENTITY and WANDB_BASE_URL, or leave \`wandb\` out.`,
    details: { baseUrl, project, reason },
  });
}

/** Reports one run, a line of history for each step that has figures. */
class WandbSession {
  readonly #client: WandbClient;
  readonly #settings: WandbSettings;
  readonly #control: TrainingControl;
  #step = 0;
  #values: Record<string, number> = {};
  #exitCode = 1;

  constructor(client: WandbClient, settings: WandbSettings, control: TrainingControl) {
    this.#client = client;
    this.#settings = settings;
    this.#control = control;
  }

  write(event: TrainingEvent): void {
    if (event.type === 'training-end') this.#exitCode = 0;
    const scalars = scalarsOf(event);
    if (scalars === undefined) return;
    if (scalars.step !== this.#step) this.#send();
    this.#step = scalars.step;
    Object.assign(this.#values, scalars.values);
  }

  async close(): Promise<void> {
    this.#send();
    try {
      if (this.#client.isLost) return;
      this.#client.send({ type: 'finish', exitCode: this.#exitCode });
      await this.#client.answer(this.#settings.timeoutMs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `Weights & Biases did not take the end of the run: its client gave ${reason}.`;
      this.#control.notice('wandb-unfinished', message);
    } finally {
      await this.#client.terminate();
      const { trouble } = this.#client;
      const message = `Weights & Biases may lack figures of this run; its client said: ${trouble}.`;
      if (trouble !== undefined) this.#control.notice('wandb-trouble', message);
    }
  }

  #send(): void {
    const values = this.#values;
    this.#values = {};
    if (Object.keys(values).length === 0) return;
    this.#client.send({ type: 'log', step: this.#step, values: { ...values, 'train/global_step': this.#step } });
  }
}

async function openSession(
  options: WandbLoggerOptions,
  start: TrainingStart,
  control: TrainingControl,
): Promise<WandbSession | undefined> {
  const settings = await wandbSettings(options);
  if (settings === undefined) return undefined;
  const client = new WandbClient(wandbClientPath(import.meta.url), settings, start);
  try {
    const started = await client.answer(settings.timeoutMs);
    if (started.type === 'started') control.notice('wandb-run', `Weights & Biases has this run at ${started.url}`);
    return new WandbSession(client, settings, control);
  } catch (error) {
    await client.terminate();
    throw refused(settings, error instanceof Error ? error.message : String(error), client.trouble);
  }
}

/**
 * A logger that reports to Weights & Biases through its client `@wandb/sdk`, which is to be installed beside: a line of history
 * for each step with figures, under the names that transformers gives them, the arguments and the setup as the run's config.
 * The client runs in a thread of its own. With `WANDB_MODE=disabled` nothing is reported.
 *
 * Its run ends before the first step with `wandb-client-missing`, `wandb-key-missing`, `wandb-offline` or `wandb-refused`. Where the
 * server is lost later, the run goes on, and a notice says so at its end.
 *
 * @example
 * ```ts
 * await train({ model, datasets, loss, callbacks: [wandbLogger({ project: 'search' })] });
 * ```
 */
export function wandbLogger(options: WandbLoggerOptions = {}): TrainingCallback {
  let opening: Promise<WandbSession | undefined> | undefined;
  let session: WandbSession | undefined;
  let early: TrainingEvent[] = [];
  const open = async (start: TrainingStart, control: TrainingControl): Promise<WandbSession | undefined> => {
    session = await openSession(options, start, control);
    for (const event of early) session?.write(event);
    early = [];
    return session;
  };
  return {
    name: 'wandb',
    onEvent(event, control) {
      if (event.type === 'training-start') {
        session = undefined;
        opening = open(event, control);
        // Told by `betweenSteps`.
        opening.catch(() => undefined);
      } else if (session === undefined) early.push(event);
      else session.write(event);
    },
    async betweenSteps() {
      await opening;
    },
    async close() {
      const opened = await opening?.catch(() => undefined);
      opening = undefined;
      session = undefined;
      early = [];
      await opened?.close();
    },
  };
}
