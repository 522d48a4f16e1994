import { settingsContent } from '../config/content.ts';
import { snapshotsOf } from '../config/layout.ts';
import type { Config } from '../config/schema.ts';
import { SeastateError } from '../core/errors.ts';
import type { TopicSpec } from '../log/log.ts';
import type { SettingsContent } from '../log/telemetry.ts';
import { defaultTopics } from '../log/topics.ts';
import { putBundle } from './bundle.ts';
import { topicsIn } from './describe.ts';
import type { UserCode } from './user-code.ts';

/** What is to run, the same for every runtime. */
export interface Program {
  readonly config: Config;
  readonly code: UserCode;
  /** `settings:` as the user wrote them, without defaults. */
  readonly written: unknown;
  /** Where this text stands in `settings.<section>`, each as `file:line:column: path`. */
  placesOf(section: string, wanted: string): string[];
}

/** Our own topics, and those of users' processors. */
export function topicsOf({ config, code }: Program): TopicSpec[] {
  const own = defaultTopics(config.process.partitions);
  const more = topicsIn(code).filter((name) => own.every((topic) => topic.name !== name));
  const bad = more.find((name) => !/^x-[a-z0-9-]+$/.test(name));
  if (bad !== undefined) {
    throw new SeastateError('config', `a processor writes to "${bad}": name its topic x-...`);
  }
  return [...own, ...more.map((name) => ({ name, partitions: 1 }))];
}

/**
 * What a `settings` record says: the settings, and the code that goes with them, which is put where
 * runners find it; and both as the user gave them, by which a change is known.
 */
export async function settingsOf({
  config,
  code,
  written,
}: Program): Promise<{ version: number; content: SettingsContent; written: unknown }> {
  const bundle = code.bundle && { bundle: code.bundle.sha256 };
  if (code.bundle) await putBundle(code.bundle, snapshotsOf(config.process));
  const { settings } = config;
  return {
    version: settings.version,
    content: { ...settingsContent(settings), ...bundle },
    written: { settings: written, ...bundle },
  };
}
