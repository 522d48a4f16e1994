import type { SeastateError } from '../core/errors.ts';
import type { LogRecord, NewRecord } from '../log/log.ts';
import { type Rejection, rejectedDataOf, rejectedRecord } from '../log/rejected.ts';

export type AppendRejected = (records: readonly NewRecord[]) => Promise<unknown>;

export interface RejectedParts {
  /** Appends to the `rejected` topic. */
  readonly reject: AppendRejected;
  readonly tenant: string;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Bytes of the value that are kept. */
  readonly bytesMax: number;
}

/** Longer words about a record say nothing more. */
const errorCharactersMax = 2_000;

/**
 * Writes a record that a source could not use to `rejected`. Where that is more than the log takes
 * at once, the value is left out: no record may hold up its source for ever.
 */
export async function keepRejected(
  { reject, tenant, now, bytesMax }: RejectedParts,
  rejection: Rejection,
  record: Pick<LogRecord, 'offset' | 'headers' | 'value'>,
): Promise<void> {
  const why = { ...rejection, error: rejection.error.slice(0, errorCharactersMax) };
  const keep = (kept: typeof record, max: number): Promise<unknown> =>
    reject([rejectedRecord(rejectedDataOf(why, kept, max), tenant, now())]);
  try {
    await keep(record, bytesMax);
  } catch (error) {
    if ((error as SeastateError).code !== 'record_too_large') throw error;
    await keep({ ...record, headers: {} }, 0);
  }
}
