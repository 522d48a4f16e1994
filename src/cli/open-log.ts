import type { Config } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import { defaultTopics } from '../log/topics.ts';
import { openLog } from '../open-log.ts';
import { type CliContext, say } from './context.ts';

/** The log of the configuration to read from, beside a running process or without one. */
export async function openLogToRead(config: Config, context: CliContext): Promise<Log> {
  const { log } = await openLog(config, defaultTopics(config.process.partitions), {
    now: context.now,
    warn: (fields, message) => say(context, `${message} ${JSON.stringify(fields)}`),
    readOnly: true,
  });
  return log;
}
