import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a client is given to read the bytes before a cut. */
const BEFORE_CUT_MS = 20;

/** What the hub answers to a request. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whether a part of the body may be asked for by `Range`. */
  readonly takesRanges?: boolean;
}

/** How an answer differs from the right one. */
export interface Misbehaviour {
  /** Instead of the right status; without body unless `body` is given. */
  readonly status?: number;
  /** Beside the right headers, or instead of those of the same name; an empty text takes one away. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the right body, with the right headers otherwise. */
  readonly body?: string | Uint8Array;
  /** Ends the connection after so many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** Sends the whole file with status 200 whatever part was asked for. */
  readonly ignoresRange?: boolean;
  /** Ends the connection once more than so many bytes of the request's body have come, at once below 0; nothing is done then. */
  readonly cutsRequestAfterBytes?: number;
  /** Does what was asked, and ends the connection before a byte of the answer. */
  readonly hangsUp?: boolean;
  /** Sends nothing after so many bytes of the body, and leaves the connection open. */
  readonly stallsAfterBytes?: number;
}

interface Part {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** The part of the body that `Range: bytes=first-last` asks for. */
function partOf(answer: Answer, range: string | undefined): Part {
  const body = answer.body ?? new Uint8Array(0);
  const headers: Record<string, string> = { ...answer.headers, 'content-length': String(body.byteLength) };
  if (answer.takesRanges !== true) return { status: answer.status, headers, body };
  headers['accept-ranges'] = 'bytes';
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (match === null) return { status: answer.status, headers, body };
  const first = Number(match[1]);
  const end = match[2] === '' ? body.byteLength : Math.min(body.byteLength, Number(match[2]) + 1);
  if (first >= body.byteLength) {
    return {
      status: 416,
      headers: { 'content-range': `bytes */${body.byteLength}`, 'content-length': '0' },
      body: body.subarray(0, 0),
    };
  }
  headers['content-range'] = `bytes ${first}-${end - 1}/${body.byteLength}`;
  headers['content-length'] = String(end - first);
  return { status: 206, headers, body: body.subarray(first, end) };
}

function misled(answer: Answer, wrong: Misbehaviour): Answer {
  const body = typeof wrong.body === 'string' ? new TextEncoder().encode(wrong.body) : wrong.body;
  if (wrong.status === undefined) return body === undefined ? answer : { ...answer, body };
  return { status: wrong.status, body: body ?? new Uint8Array(0) };
}

/** Sends `answer`, or what `wrong` makes of it. */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer, wrong: Misbehaviour): void {
  if (wrong.hangsUp === true) {
    request.socket.destroy();
    return;
  }
  const part = partOf(misled(answer, wrong), wrong.ignoresRange === true ? undefined : request.headers.range);
  const headers: Record<string, string> = { ...part.headers, ...wrong.headers };
  for (const name of Object.keys(headers)) if (headers[name] === '') delete headers[name];
  response.writeHead(part.status, headers);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const stop = wrong.cutAfterBytes ?? wrong.stallsAfterBytes;
  if (stop === undefined || stop >= part.body.byteLength) {
    response.end(part.body);
    return;
  }
  response.flushHeaders();
  response.write(part.body.subarray(0, stop), () => {
    // A client that is cut off at once may lose what it has received, and would never be seen to keep it.
    if (wrong.cutAfterBytes !== undefined) setTimeout(() => request.socket.destroySoon(), BEFORE_CUT_MS);
  });
}
