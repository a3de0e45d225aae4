import type { JsonObject } from './json.js';

const MARKER: unique symbol = Symbol.for('embedbag.error') as never;

/** What an {@link EmbedbagError} is made of. */
export interface EmbedbagErrorOptions {
  /**
   * Stable kebab-case name of the kind of error, such as `missing-column`.
   * Codes that begin with `internal-` are defects of embedbag; every other one is about what the caller gave.
   */
  readonly code: string;
  /** One or two sentences: what was expected, what came, what to do. Identifiers stand in backticks. */
  readonly message: string;
  /** The limit, the offender and the count as fields, for programs. */
  readonly details?: JsonObject;
  readonly cause?: unknown;
}

/**
 * The one error that embedbag throws on purpose.
 *
 * @example
 * ```ts
 * throw new EmbedbagError({
 *   code: 'dimension-too-large',
 *   message: 'Expected `dims` to be at most the model\'s 512 dimensions, received 768. Lower it or train a wider model.',
 *   details: { limit: 512, received: 768 },
 * });
 * ```
 */
export class EmbedbagError extends Error {
  override readonly name = 'EmbedbagError';
  readonly code: string;
  readonly details: JsonObject;

  constructor(options: EmbedbagErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.details = options.details ?? {};
    Object.defineProperty(this, MARKER, { value: true });
  }
}

/** Tells an {@link EmbedbagError} from any other value, also across two copies of this package. */
export function isEmbedbagError(value: unknown): value is EmbedbagError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[MARKER] === true;
}
