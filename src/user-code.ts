import { settingsContent } from './config/content.ts';
import { dataLayout } from './config/layout.ts';
import type { Config } from './config/schema.ts';
import { SeastateError } from './core/errors.ts';
import { buildBundle } from './engine/bundle.ts';
import { describeBundle } from './engine/runner/describe.ts';
import { bundleUrl } from './engine/runtime/embedded/runtime.ts';
import type { TopicSpec } from './log/log.ts';
import type { SettingsContent } from './log/telemetry.ts';
import { defaultTopics } from './log/topics.ts';

/** Users' processors as the configuration names them, the same for every runtime. */
export interface UserCode {
  /** Name of the bundle; undefined without processors. */
  readonly bundle: string | undefined;
  readonly topics: readonly string[];
}

export async function userCode({ process }: Config): Promise<UserCode> {
  if (process.processors.length === 0) return { bundle: undefined, topics: [] };
  const folder = dataLayout(process.data).snapshots;
  const bundle = await buildBundle(process.processors, folder);
  const processors = await describeBundle(bundleUrl(folder, bundle));
  return { bundle, topics: [...new Set(processors.flatMap(({ outputs }) => outputs))] };
}

/** Our own topics, and those of users' processors. */
export function topicsOf({ process }: Config, { topics }: UserCode): TopicSpec[] {
  const own = defaultTopics(process.partitions);
  const more = topics.filter((name) => own.every((topic) => topic.name !== name));
  const bad = more.find((name) => !/^x-[a-z0-9-]+$/.test(name));
  if (bad !== undefined) {
    throw new SeastateError('config', `a processor writes to "${bad}": name its topic x-...`);
  }
  return [...own, ...more.map((name) => ({ name, partitions: 1 }))];
}

/** What a `settings` record says: the settings, and the code that goes with them. */
export function contentOf({ settings }: Config, { bundle }: UserCode): SettingsContent {
  return { ...settingsContent(settings), ...(bundle && { bundle }) };
}
