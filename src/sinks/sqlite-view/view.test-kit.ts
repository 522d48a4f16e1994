import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '../../core/bytes.ts';
import { type JournalLog, openJournals } from '../../log/journal/journals.ts';
import type { Headers, Log, NewRecord } from '../../log/log.ts';
import { defaultTopics } from '../../log/topics.ts';
import { openView, type View, type ViewOptions } from './view.ts';

/** What the tests of this folder share. */

export const t0: number = Date.parse('2026-03-01T10:00:00Z');

export interface Scene {
  readonly dir: string;
  readonly log: JournalLog;
  readonly path: string;
  open(options?: ViewOptions): Promise<View>;
}

/** Runs `body` with a log of its own and a place for a view; closes what it opened. */
export async function withLog(
  body: (scene: Scene) => Promise<void>,
  now: () => number = () => t0,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'seastate-view-'));
  const log = await openTestLog(dir, now);
  const views: View[] = [];
  const path = join(dir, 'view.sqlite');
  const open = async (options?: ViewOptions): Promise<View> => {
    const view = await openView(path, options);
    views.push(view);
    return view;
  };
  try {
    await body({ dir, log, path, open });
  } finally {
    for (const view of views) view.close();
    await log.close();
    await rm(dir, { recursive: true, force: true });
  }
}

export function openTestLog(dir: string, now: () => number): Promise<JournalLog> {
  const outputs = { segmentBytes: 1 << 16, retentionMs: 3_600_000, bytesMax: 1 << 30 };
  return openJournals({ dir: join(dir, 'log'), topics: defaultTopics(2), now, outputs });
}

/** Follows until the view has taken everything that is in the log now. */
export async function catchUp(view: View, log: Log): Promise<void> {
  const stop = new AbortController();
  const following = view.follow(log, stop.signal);
  following.catch(() => undefined);
  while (!(await isCaughtUp(view, log))) {
    await Promise.race([following, new Promise((resolve) => setTimeout(resolve, 2))]);
  }
  stop.abort();
  await following;
}

export async function isCaughtUp(view: View, log: Log): Promise<boolean> {
  const { rows } = view.query('SELECT topic, next FROM positions');
  const taken = new Map(rows.map(([topic, next]) => [topic, next]));
  for (const topic of ['alerts', 'anomalies', 'events', 'incidents', 'status', 'rejected']) {
    const { next } = await log.bounds(topic, 0);
    if (next > 0 && taken.get(topic) !== next) return false;
  }
  return true;
}

export interface AlertSpec {
  readonly subject?: string;
  readonly revision?: number;
  readonly state?: string;
  readonly alertstate?: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly tenant?: string;
  readonly labels?: Record<string, string>;
  /** Minutes after t0. */
  readonly start?: number;
  readonly end?: number | null;
}

/** An output on `alerts` as the processor writes it, with the numbering given. */
export function alertRecord(spec: AlertSpec, numbered: Headers = {}): NewRecord {
  const { subject = 'a', revision = 0, name = 'Down', cluster = 'c1', tenant = 'default' } = spec;
  const { state = 'firing', alertstate = 'firing', start = 0, end = null, labels = {} } = spec;
  const at = (minutes: number): string => new Date(t0 + minutes * 60_000).toISOString();
  return eventRecord(
    {
      id: `${subject}/${revision}`,
      subject,
      type: 'seastate.alert',
      data: {
        state,
        alertname: name,
        alertstate,
        severity: 'critical',
        tenant,
        cluster,
        cluster_title: `title of ${cluster}`,
        labels: { alertname: name, severity: 'critical', ...labels },
        value: 1,
        start: at(start),
        end: end === null ? null : at(end),
      },
    },
    { ...numbered, tenant, cluster },
  );
}

export function eventRecord(event: object, headers: Headers = {}): NewRecord {
  const whole = {
    specversion: '1.0',
    source: '/tenants/default/clusters/c1',
    time: new Date(t0).toISOString(),
    datacontenttype: 'application/json',
    ...event,
  };
  return { headers: { schema: '1', ...headers }, value: utf8(JSON.stringify(whole)) };
}

export const numbered = (number: number, from = 'cluster/0/0'): Headers => ({
  from,
  number: String(number),
  tick: '1',
});
