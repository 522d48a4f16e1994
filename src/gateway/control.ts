import { createHash } from 'node:crypto';
import { SeastateError } from '../core/errors.ts';
import type { Log, NewRecord } from '../log/log.ts';
import type { CheckpointValue, ReleaseValue, SettingsValue } from '../log/telemetry.ts';
import { jsonRecord } from './records.ts';

/** What is known of the settings that were written last. */
export interface SettingsMark extends Pick<SettingsValue, 'version' | 'sha256'> {
  /** sha-256 (hex) of what the user wrote, without defaults. */
  readonly written: string;
  /** False from the first append until every partition has them. */
  readonly complete: boolean;
}

/** Settings as they are to be written, and what the user wrote of them. */
export interface GivenSettings extends Pick<SettingsValue, 'version' | 'content'> {
  readonly written: unknown;
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
   * written. So are defaults that a newer program brought: those of the time hold until the version
   * is raised. Rejects with `settings_conflict` when the last version comes with other content, or
   * an older one while some partitions may lack the last. When it rejects otherwise some partitions
   * may have them: call again with the same, readers skip repeats.
   */
  async writeSettings(given: GivenSettings): Promise<'written' | 'repeat'> {
    const { version, content } = given;
    const sha256 = contentDigest(content);
    const mark = { version, sha256, written: contentDigest(given.written) };
    const last = this.#settings;
    if (last) checkFollows(last, mark);
    if (last?.complete && version <= last.version) return 'repeat';
    await this.#mark({ ...mark, complete: false });
    const value: SettingsValue = { version, sha256, content };
    await this.#writeAll(jsonRecord('settings', value));
    await this.#mark({ ...mark, complete: true });
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
function checkFollows(last: SettingsMark, next: Omit<SettingsMark, 'complete'>): void {
  const { version } = next;
  const conflict = (what: string): never => {
    throw new SeastateError('settings_conflict', `settings version ${what}: raise the version`);
  };
  const isSame = next.sha256 === last.sha256 || (last.complete && next.written === last.written);
  if (version === last.version && !isSame) {
    conflict(`${version} is in force with other content`);
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
