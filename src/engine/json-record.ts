import { text } from '../core/bytes.ts';
import { messageOf, SeastateError } from '../core/errors.ts';
import type { LogRecord } from '../log/log.ts';
import type { HeartbeatValue, MetadataValue, SettingsValue } from '../log/telemetry.ts';

/**
 * The value of a record that is JSON, an object of the shape that `is` asks for. Errors:
 * `record_not_json`, `bad_record`.
 */
export function jsonOf<T extends object>(record: LogRecord, is: (value: T) => boolean): T {
  const value = parsed(record);
  if (typeof value === 'object' && value !== null && is(value as T)) return value as T;
  throw new SeastateError('bad_record', `the record is no ${record.headers['kind']} record`);
}

function parsed(record: LogRecord): unknown {
  try {
    return JSON.parse(text(record.value ?? new Uint8Array(0)));
  } catch (error) {
    throw new SeastateError('record_not_json', `the record is not JSON: ${messageOf(error)}`);
  }
}

export const isHeartbeat = ({ partitions, hashVersion }: HeartbeatValue): boolean =>
  Number.isSafeInteger(partitions) && Number.isSafeInteger(hashVersion);

export const isMetadata = ({ families }: MetadataValue): boolean =>
  Array.isArray(families) && families.every((each) => typeof each?.family === 'string');

/**
 * What is in `content` is asked of those whose settings they are; the code is named by its sha-256.
 */
export const isSettings = ({ version, content }: SettingsValue): boolean =>
  Number.isSafeInteger(version) &&
  typeof content === 'object' &&
  content !== null &&
  (content.bundle === undefined || isBundle(content.bundle));

const isBundle = (name: unknown): boolean =>
  typeof name === 'string' && /^([0-9a-f]{64})?$/.test(name);
