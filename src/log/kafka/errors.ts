import { messageOf, SeastateError } from '../../core/errors.ts';

/** Kafka's error codes that we tell apart (kafka.apache.org/protocol#protocol_error_codes). */
export const kafkaErrors = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  messageTooLarge: 10,
  recordListTooLarge: 18,
  topicDenied: 29,
  groupDenied: 30,
  clusterDenied: 31,
  topicExists: 36,
  invalidReplicationFactor: 38,
  saslFailed: 58,
  unknownTopicId: 100,
} as const;

/** Whether an error, or any error below it, satisfies `test`: the library nests its causes deep. */
export function findCause(error: unknown, test: (error: object) => boolean, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 12) return false;
  if (test(error)) return true;
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  if (findCause(cause, test, depth + 1)) return true;
  return Array.isArray(errors) && errors.some((below) => findCause(below, test, depth + 1));
}

export const hasApiCode = (error: unknown, ...codes: number[]): boolean =>
  findCause(error, (e) => codes.includes((e as { apiCode?: number }).apiCode ?? -1));

const isUnknownTopic = (error: unknown): boolean =>
  hasApiCode(error, kafkaErrors.unknownTopic, kafkaErrors.unknownTopicId) ||
  findCause(error, (e) => e instanceof Error && e.message.startsWith('Unknown topic'));

const isDenied = (error: unknown): boolean =>
  hasApiCode(error, kafkaErrors.topicDenied, kafkaErrors.groupDenied, kafkaErrors.clusterDenied) ||
  hasApiCode(error, kafkaErrors.saslFailed) ||
  findCause(error, (e) => (e as { code?: string }).code === 'PLT_KFK_AUTHENTICATION');

/** The innermost messages, which say what happened. */
function reasons(error: unknown, found: Set<string> = new Set(), depth = 0): Set<string> {
  const { cause, errors } = (error ?? {}) as { cause?: unknown; errors?: unknown };
  const below = [...(Array.isArray(errors) ? errors : []), ...(cause ? [cause] : [])];
  if (below.length === 0 || depth > 12) found.add(messageOf(error));
  else for (const inner of below) reasons(inner, found, depth + 1);
  return found;
}

/** What the library threw, as our error. `what` says what was tried. */
export function kafkaError(error: unknown, what: string): SeastateError {
  if (error instanceof SeastateError) return error;
  const why = [...reasons(error)].slice(-3).join('; ');
  if (hasApiCode(error, kafkaErrors.messageTooLarge, kafkaErrors.recordListTooLarge)) {
    const message = `${what}: the broker refuses a batch of this size; raise max.message.bytes`;
    return new SeastateError('record_too_large', message, { cause: error });
  }
  if (isUnknownTopic(error)) {
    const message = `${what}: the topic does not exist at the brokers; was it deleted?`;
    return new SeastateError('topic_missing', message, { cause: error, retry: 'later' });
  }
  if (isDenied(error)) {
    const message = `${what}: the brokers refuse these credentials (${why})`;
    return new SeastateError('log_denied', message, { cause: error, retry: 'later' });
  }
  const message = `${what}: the brokers do not answer (${why})`;
  return new SeastateError('log_unavailable', message, { cause: error, retry: 'later' });
}
