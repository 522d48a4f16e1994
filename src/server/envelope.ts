import { messageOf, SeastateError } from '../core/errors.ts';

/** Kinds of errors of the API, with the names that Prometheus uses, and their status codes. */
const statusCodes = {
  bad_data: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_large: 413,
  misdirected: 421,
  internal: 500,
  unavailable: 503,
} as const;
export type ErrorType = keyof typeof statusCodes;

/** The one shape of errors: `{status, errorType, error}`, as in the API of Prometheus. */
export class ApiError extends Error {
  readonly type: ErrorType;

  constructor(type: ErrorType, message: string) {
    super(message);
    this.type = type;
  }

  get statusCode(): number {
    return statusCodes[this.type];
  }
}

export interface ErrorBody {
  readonly status: 'error';
  readonly errorType: ErrorType;
  readonly error: string;
}

export const errorBody = (errorType: ErrorType, error: string): ErrorBody => ({
  status: 'error',
  errorType,
  error,
});

export const success = <T>(data: T, warnings: readonly string[] = []): object => ({
  status: 'success',
  data,
  ...(warnings.length > 0 ? { warnings } : {}),
});

/** What a thrown error means to the client. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof SeastateError) {
    if (error.code === 'usage') return new ApiError('bad_data', error.message);
    if (error.retry === 'later') return new ApiError('unavailable', error.message);
  }
  // Fastify's own, such as a malformed URL.
  const status = (error as { statusCode?: unknown }).statusCode;
  if (status === 415) return new ApiError('bad_data', 'send JSON: content-type application/json');
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ApiError(status === 404 ? 'not_found' : 'bad_data', messageOf(error));
  }
  return new ApiError('internal', 'internal error: see the log');
}
