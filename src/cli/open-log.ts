import type { Config } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import { defaultTopics } from '../log/topics.ts';
import { openLog } from '../open-log.ts';
import { type CliContext, say } from './context.ts';

/**
 * The log of the configuration to read from, beside a running process or without one. `more` are
 * topics of users' processors.
 */
export async function openLogToRead(
  config: Config,
  context: CliContext,
  more: readonly string[] = [],
): Promise<Log> {
  const own = defaultTopics(config.process.partitions);
  const topics = [...own, ...more.map((name) => ({ name, partitions: 1 }))];
  const { log } = await openLog(config, topics, {
    now: context.now,
    warn: (fields, message) => say(context, `${message} ${JSON.stringify(fields)}`),
    readOnly: true,
  });
  return log;
}
