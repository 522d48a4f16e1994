import { dataLayout } from '../config/layout.ts';
import type { Config } from '../config/schema.ts';
import { SeastateError } from '../core/errors.ts';
import type { Log } from '../log/log.ts';
import { defaultTopics } from '../log/topics.ts';
import type { CliContext } from './context.ts';

/** The log of the configuration to read from, beside a running process or without one. */
export async function openLogToRead(
  { process }: Config,
  context: Pick<CliContext, 'now'>,
): Promise<Log> {
  const topics = defaultTopics(process.partitions);
  if (process.log.type === 'kafka') {
    throw new SeastateError('usage', 'this verb reads journals: read Kafka with its own tools');
  }
  const { openJournals } = await import('../log/journal/journals.ts');
  return openJournals({
    dir: dataLayout(process.data).log,
    topics,
    now: context.now,
    readOnly: true,
  });
}
