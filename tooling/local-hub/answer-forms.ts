import type { Answer } from './send-answer.js';

/** An answer in JSON. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body };
}

/** An error as the hub words it. */
export function failure(status: number, code: string | undefined, message: string): Answer {
  return {
    ...json(
      { error: message },
      { ...(code === undefined ? {} : { 'x-error-code': code }), 'x-error-message': message },
    ),
    status,
  };
}
