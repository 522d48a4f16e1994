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
export interface SettingsMark extends Pick<SettingsValue, 'version' | 'sha256'> {
  /** False from the first append until every partition has them. */
  readonly complete: boolean;
}

export interface ControlParts {
  readonly log: Log;
  /** Inputs of all stages. */
  readonly topics: readonly string[];
  /** As kept before the restart, where that is known. */
  readonly settings?: SettingsMark | undefined;
  /** Keeps the mark durably: before the first partition has the settings, and after the last. */
  keep(mark: SettingsMark): Promise<void>;
}

/** Writes control records into every partition of the inputs of all stages. */
export class Control {
  readonly #log: Log;
  readonly #topics: readonly string[];
  readonly #keep: ControlParts['keep'];
  #settings: SettingsMark | undefined;

  constructor({ log, topics, settings, keep }: ControlParts) {
    this.#log = log;
    this.#topics = topics;
    this.#settings = settings;
    this.#keep = keep;
  }

  /**
   * Writes settings of a higher version; a version not higher than the last is a repeat and not
   * written. Rejects with `settings_conflict` when the last version comes with other content, or an
   * older one while some partitions may lack the last. When it rejects otherwise some partitions
   * may have them: call again with the same, readers skip repeats.
   */
  async writeSettings(version: number, content: SettingsContent): Promise<'written' | 'repeat'> {
    const sha256 = contentDigest(content);
    const last = this.#settings;
    if (last) checkFollows(last, version, sha256);
    if (last?.complete && version <= last.version) return 'repeat';
    await this.#mark({ version, sha256, complete: false });
    const value: SettingsValue = { version, sha256, content };
    await this.#writeAll(jsonRecord('settings', value));
    await this.#mark({ version, sha256, complete: true });
    return 'written';
  }

  async #mark(mark: SettingsMark): Promise<void> {
    await this.#keep(mark);
    this.#settings = mark;
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

/** Throws `settings_conflict` when these settings cannot come after the last ones. */
function checkFollows(last: SettingsMark, version: number, sha256: string): void {
  const conflict = (what: string): never => {
    throw new SeastateError('settings_conflict', `settings version ${what}: raise the version`);
  };
  if (version === last.version && sha256 !== last.sha256) {
    conflict(`${version} is in force with other content (of the file, or of a newer program)`);
  }
  if (version < last.version && !last.complete) {
    conflict(`${last.version} is in force in some partitions, this is ${version}`);
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
