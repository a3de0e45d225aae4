import { type HubRequests, PassingFailure, type RequestBody, reasonOf } from './hub-requests.js';
import { unreachable } from './refusal.js';
import type { RequestSubject } from './request-subject.js';

/** What {@link uploadFetch} works with. */
export interface UploadFetchOptions {
  readonly requests: HubRequests;
  readonly subject: RequestSubject;
  readonly signal: AbortSignal | undefined;
  /** Statuses that are answers to the caller, not failures. */
  readonly accepts: readonly number[];
  /** Is told the bytes of a file, or of a part of one, that have gone to the storage since the last call. */
  readonly onSent?: (path: string, bytes: number) => void;
}

/** What @huggingface/hub hands to `fetch`: headers and body of its own, and the file that a body is of. */
interface UploadInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Blob;
  readonly signal?: AbortSignal;
  readonly progressHint?: { readonly path?: string };
}

/** The body of a request as a stream that tells what is taken from it. */
function bodyOf(body: string | Blob | undefined, onSent: (bytes: number) => void): RequestBody | undefined {
  if (body === undefined) return undefined;
  // Not a Blob of the text: a file's Blob here is a subclass that reads from the disk as it is asked to.
  const blob = typeof body === 'string' ? new Blob([body]) : body;
  return {
    sizeBytes: blob.size,
    stream: () =>
      (blob.stream() as ReadableStream<Uint8Array>).pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(piece, controller) {
            onSent(piece.byteLength);
            controller.enqueue(piece);
          },
        }),
      ),
  };
}

/** An answer with its body read whole, so that one cut on its way is asked for again. */
async function wholeAnswer(response: Response): Promise<Response> {
  const bytes = await response.arrayBuffer();
  return new Response(bytes.byteLength === 0 ? null : bytes, { status: response.status, headers: response.headers });
}

/**
 * A `fetch` for the calls of @huggingface/hub that upload: with this hub's token, clock, patience and words for what goes
 * wrong. Each request is made again where another attempt may mend it; a file is read again from its beginning then.
 */
export function uploadFetch({ requests, subject, signal, accepts, onSent }: UploadFetchOptions): typeof fetch {
  return (input, init) => {
    const { method = 'GET', headers = {}, body, progressHint, signal: callSignal } = (init ?? {}) as UploadInit;
    const url = String(input);
    const { authorization: _, ...rest } = lowerCased(headers);
    const path = progressHint?.path;
    const both = [signal, callSignal].filter((one) => one !== undefined);
    const anySignal = both.length === 0 ? undefined : AbortSignal.any(both);
    return requests.retry(
      url,
      async () => {
        let sent = 0;
        let isOver = false;
        const count = (bytes: number): void => {
          // What a failed attempt has read ahead goes nowhere.
          if (isOver || path === undefined) return;
          sent += bytes;
          onSent?.(path, bytes);
        };
        const content = bodyOf(body, count);
        const options = { method, headers: rest, ...(content && { body: content }), signal: anySignal, accepts };
        const of = path === undefined ? subject : { ...subject, path };
        try {
          const { response, close } = await requests.open(url, of, options);
          return await wholeAnswer(response).finally(close);
        } catch (error) {
          isOver = true;
          // Those bytes are sent once more.
          if (path !== undefined) onSent?.(path, -sent);
          anySignal?.throwIfAborted();
          throw isCutOff(error) ? cutOff(error, of, url) : error;
        }
      },
      anySignal,
    );
  };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Whether an answer's body broke off, for which undici has an error of its own. */
function isCutOff(error: unknown): boolean {
  return error instanceof TypeError;
}

function cutOff(error: unknown, subject: RequestSubject, url: string): PassingFailure {
  const reason = `an answer that was cut off (${reasonOf(error)})`;
  return new PassingFailure(reason, unreachable(subject, new URL(url), reason, error));
}
