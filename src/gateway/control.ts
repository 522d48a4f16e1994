import { createHash } from 'node:crypto';
import { SeastateError } from '../core/errors.ts';
import type { Log, NewRecord } from '../log/log.ts';
import type {
  CheckpointValue,
  ReleaseValue,
  SettingsContent,
  SettingsValue,
} from '../log/telemetry.ts';
import { jsonRecord } from './records.ts';

/** What is known of the settings that were written last. */
export type SettingsMark = Pick<SettingsValue, 'version' | 'sha256'>;

/** Writes control records into every partition of the inputs of all stages. */
export class Control {
  readonly #log: Log;
  readonly #topics: readonly string[];
  #settings: SettingsMark | undefined;

  /** `settings`: as written before the restart, where that is known. */
  constructor(log: Log, topics: readonly string[], settings: SettingsMark | undefined) {
    this.#log = log;
    this.#topics = topics;
    this.#settings = settings;
  }

  /** The newest settings that are in every partition. */
  get settings(): SettingsMark | undefined {
    return this.#settings;
  }

  /**
   * Writes settings of a higher version; a version not higher than the last is a repeat and not
   * written. Rejects with `settings_conflict` when the last version comes with other content. When
   * it rejects otherwise some partitions may have them: call again, readers skip repeats.
   */
  async writeSettings(version: number, content: SettingsContent): Promise<'written' | 'repeat'> {
    const sha256 = contentDigest(content);
    const last = this.#settings;
    if (last && version === last.version && sha256 !== last.sha256) {
      throw new SeastateError(
        'settings_conflict',
        `settings version ${version} is in force with other content: raise the version`,
      );
    }
    if (last && version <= last.version) return 'repeat';
    const value: SettingsValue = { version, sha256, content };
    await this.#writeAll(jsonRecord('settings', value));
    this.#settings = { version, sha256 };
    return 'written';
  }

  checkpoint(value: CheckpointValue): Promise<void> {
    return this.#writeAll(jsonRecord('checkpoint', value));
  }

  release(value: ReleaseValue): Promise<void> {
    return this.#writeAll(jsonRecord('release', value));
  }

  async #writeAll(record: NewRecord): Promise<void> {
    const appends: Promise<number>[] = [];
    for (const name of this.#topics) {
      const topic = this.#log.topics.get(name);
      if (!topic) throw new SeastateError('unknown_topic', `the log has no topic ${name}`);
      for (let partition = 0; partition < topic.partitions; partition++) {
        appends.push(this.#log.append(name, partition, [record]));
      }
    }
    const failed = (await Promise.allSettled(appends)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }
}

/** sha-256 (hex) of the JSON of a value with sorted keys: the order in a file means nothing. */
export function contentDigest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
