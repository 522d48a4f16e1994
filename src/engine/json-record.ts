import { text } from '../core/bytes.ts';
import { messageOf, SeastateError } from '../core/errors.ts';
import type { LogRecord } from '../log/log.ts';

/** The value of a record that is JSON. Error: `record_not_json`. */
export function jsonOf<T>(record: LogRecord): T {
  try {
    return JSON.parse(text(record.value ?? new Uint8Array(0))) as T;
  } catch (error) {
    throw new SeastateError('record_not_json', `the record is not JSON: ${messageOf(error)}`);
  }
}
