import { text } from '../../core/bytes.ts';
import type { LogRecord } from '../../log/log.ts';
import type { SettingsValue } from '../../log/telemetry.ts';

/** The record as a stage is given it: one that is to be skipped is only a mark in the log. */
export function fedRecord(record: LogRecord, skips: ReadonlyMap<number, string>): LogRecord {
  return skips.has(record.offset) ? { ...record, headers: { kind: 'skip' }, value: null } : record;
}

/** The bundle that a settings record names; undefined for other records. */
export function bundleOf(record: LogRecord): string | undefined {
  if (record.headers['kind'] !== 'settings' || !record.value) return undefined;
  try {
    return (JSON.parse(text(record.value)) as SettingsValue).content?.bundle ?? '';
  } catch {
    // The stage puts it into `rejected`.
    return undefined;
  }
}
