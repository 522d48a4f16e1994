import { resolve } from 'node:path';
import { snapshotsOf } from '../../config/layout.ts';
import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import type { Log } from '../../log/log.ts';
import { defaultTopics } from '../../log/topics.ts';
import { openLog } from '../../open-log.ts';
import { stages } from '../../processors/stages.ts';
import { bundlesOf, topicsOfBundles } from '../bundles.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { loadConfig } from '../load-config.ts';
import { refused, statesAtRest } from './rest.ts';
import { checkEmpty, copyOutputs, writeStates } from './target.ts';

export interface RekeyFlags extends ConfigFlags {
  readonly to: string;
}

export async function rekey(this: CliContext, flags: RekeyFlags): Promise<void> {
  const { config: from } = await loadConfig(this, flags);
  // Shortcuts of flags and environment are about the program that ends.
  const env = Object.entries(this.env).filter(([name]) => !name.startsWith('SEASTATE_'));
  const context = { ...this, env: Object.fromEntries(env) };
  const { config: to } = await loadConfig(context, { config: flags.to });
  if (resolve(from.process.data) === resolve(to.process.data)) {
    throw new SeastateError(
      'usage',
      `both programs have the data folder ${from.process.data}: give the new one its own`,
    );
  }
  const snapshots = snapshotsOf(from.process);
  for (const stage of Object.keys(stages)) {
    const bundles = await bundlesOf(snapshots, stage, from.process.partitions);
    if (bundles.length > 1) {
      throw refused('its partitions run different code: start the old program once more');
    }
    const users = await topicsOfBundles(snapshots, bundles);
    const source = await openToWrite(this, from, users, false);
    try {
      const target = await openToWrite(this, to, users, true);
      try {
        const place = { log: target, snapshots: snapshotsOf(to.process) };
        await checkEmpty(place, stage);
        const states = await statesAtRest(from, source, stage);
        say(this, `stage ${stage}: ${states.length} partitions stand at the heads of their log`);
        const { copied, left } = await copyOutputs(source, target);
        const epoch = await writeStates(states, snapshots, place, stage);
        say(
          this,
          `outputs copied: ${copied}${left.length > 0 ? `; left: ${left.join(', ')}` : ''}`,
        );
        say(this, `${to.process.partitions} partitions begin in epoch ${epoch}; start ${flags.to}`);
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  }
}

/** The log of a program that does not run; a journal refuses while it does. */
async function openToWrite(
  context: CliContext,
  config: Config,
  users: readonly string[],
  create: boolean,
): Promise<Log> {
  const { process } = config;
  const own = defaultTopics(process.partitions);
  const more = users.filter((name) => own.every((topic) => topic.name !== name));
  const topics = [...own, ...more.map((name) => ({ name, partitions: 1 }))];
  const { kafka } = process.log;
  const asIs: Config =
    create || !kafka
      ? config
      : {
          ...config,
          process: {
            ...process,
            log: { ...process.log, kafka: { ...kafka, create_topics: false } },
          },
        };
  const { log } = await openLog(asIs, topics, {
    now: context.now,
    warn: (fields, message) => say(context, `${message} ${JSON.stringify(fields)}`),
  });
  return log;
}
