import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataLayout } from '../config/layout.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import { viewTopics } from '../sinks/sqlite-view/schema.ts';
import { openView, type View } from '../sinks/sqlite-view/view.ts';
import type { CliContext } from './context.ts';
import { openLogToRead } from './open-log.ts';

/**
 * What was found, to be asked: the view that a running program feeds in the data folder; where
 * there is none (Kafka with the program elsewhere) one that is made of the log for the moment.
 */
export async function withView<T>(
  config: Config,
  context: CliContext,
  use: (view: View) => T | Promise<T>,
): Promise<T> {
  const path = dataLayout(config.process.data).view;
  if (existsSync(path) || config.process.log.type !== 'kafka') {
    const view = await openView(path, { readOnly: true });
    try {
      return await use(view);
    } finally {
      view.close();
    }
  }
  const log = await openLogToRead(config, context);
  const folder = await mkdtemp(join(tmpdir(), 'seastate-view-'));
  const view = await openView(join(folder, 'view.sqlite'));
  const done = new AbortController();
  try {
    const following = view.follow(log, done.signal);
    following.catch(() => {});
    await Promise.race([following, caughtUp(view, log)]);
    return await use(view);
  } finally {
    done.abort();
    await log.close();
    view.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when the view has all that the log held when it was called. */
async function caughtUp(view: View, log: Log): Promise<void> {
  const heads = new Map<string, number>();
  for (const topic of viewTopics) {
    const partitions = log.topics.get(topic)?.partitions ?? 0;
    for (let p = 0; p < partitions; p++) {
      const { first, next } = await log.bounds(topic, p);
      if (next > first) heads.set(`${topic}/${p}`, next);
    }
  }
  for (;;) {
    const { rows } = view.query('SELECT topic, partition, next FROM positions');
    for (const [topic, partition, next] of rows) {
      const key = `${topic}/${partition}`;
      if (Number(next) >= (heads.get(key) ?? 0)) heads.delete(key);
    }
    if (heads.size === 0) return;
    await sleep(20);
  }
}
