import type { LogRecord } from '../../log/log.ts';
import type { SettingsValue } from '../../log/telemetry.ts';
import { isSettings, jsonOf } from '../json-record.ts';

/** The record as a stage is given it: one that is to be skipped is only a mark in the log. */
export function fedRecord(record: LogRecord, skips: ReadonlyMap<number, string>): LogRecord {
  return skips.has(record.offset) ? { ...record, headers: { kind: 'skip' }, value: null } : record;
}

/** The users' code that settings name: sha-256 (hex) of the bundle, '' for none. */
export interface NamedCode {
  readonly version: number;
  readonly bundle: string;
}

/**
 * The code that a settings record names; undefined for other records. It takes over only where the
 * settings do: above the version in force.
 */
export function codeIn(record: LogRecord): NamedCode | undefined {
  if (record.headers['kind'] !== 'settings') return undefined;
  try {
    const { version, content } = jsonOf<SettingsValue>(record, isSettings);
    return { version, bundle: content.bundle ?? '' };
  } catch {
    // The stage puts it into `rejected`.
    return undefined;
  }
}
