import { SeastateError } from '../core/errors.ts';
import type { SettingsValue } from '../log/telemetry.ts';

/** How far a partition has come in its log, and the settings in force there. */
export interface Progress {
  /** ms of the newest record; 0 before the first. */
  logTime: number;
  tick: number;
  /** The tick of the last status. */
  statusTick: number;
  /** Records put aside so far. */
  rejected: number;
  settings: SettingsValue;
}

export const noProgress = (): Progress => ({
  logTime: 0,
  tick: 0,
  statusTick: 0,
  rejected: 0,
  settings: { version: 0, sha256: '', content: {} },
});

/**
 * Takes over that of another partition (rekey), whose settings must be the same: `rekey_refused`.
 */
export function absorbProgress(progress: Progress, from: Progress): void {
  if (JSON.stringify(progress.settings) !== JSON.stringify(from.settings)) {
    throw new SeastateError(
      'rekey_refused',
      `partitions have settings of versions ${progress.settings.version} and ` +
        `${from.settings.version}: start the old program until all have the same, then stop it`,
    );
  }
  for (const key of ['logTime', 'tick', 'statusTick', 'rejected'] as const) {
    progress[key] = Math.max(progress[key], from[key]);
  }
}
