/**
 * The one error type of the project. `code` is stable and documented (docs/reference/errors.md);
 * `retry` says whether the same call may succeed later.
 */
export class SeastateError extends Error {
  override readonly name = 'SeastateError';
  readonly code: string;
  readonly retry: 'never' | 'later';

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; retry?: 'never' | 'later' } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? 'never';
  }
}

/** Throws when an invariant of ours does not hold: a defect, never bad input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new SeastateError('invariant', `broken invariant: ${message}`);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
