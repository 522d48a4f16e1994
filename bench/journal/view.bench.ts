import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournals } from '../../src/log/journal/journals.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { defaultTopics } from '../../src/log/topics.ts';
import { openView } from '../../src/sinks/sqlite-view/view.ts';
import type { BenchCase } from '../bench-case.ts';

const count = 20_000;

/** Every alert starts, and later ends. */
function alertRecord(i: number): NewRecord {
  const subject = `alert-${i % (count / 2)}`;
  const isEnd = i >= count / 2;
  const labels = {
    alertname: `Alert${i % 40}`,
    severity: 'warning',
    namespace: `ns-${i % 500}`,
    pod: `pod-${i % 5000}`,
    container: 'main',
    prometheus: 'openshift-monitoring/k8s',
  };
  const data = {
    state: isEnd ? 'resolved' : 'firing',
    alertname: labels.alertname,
    alertstate: 'firing',
    severity: 'warning',
    tenant: 'default',
    cluster: `cluster-${i % 20}`,
    labels,
    value: 1,
    start: new Date(1.7e12 + i * 1000).toISOString(),
    end: isEnd ? new Date(1.7e12 + i * 2000).toISOString() : null,
    ended_by: null,
    lag_ms: 120,
  };
  const event = {
    specversion: '1.0',
    id: `${subject}/${isEnd ? 1 : 0}`,
    source: `/tenants/default/clusters/${data.cluster}`,
    type: 'seastate.alert',
    subject,
    time: data.start,
    datacontenttype: 'application/json',
    data,
  };
  const headers = { from: 'cluster/3/0', number: String(i), tick: String(i >> 4) };
  return {
    headers: { ...headers, tenant: 'default', cluster: data.cluster, schema: '1' },
    value: Buffer.from(JSON.stringify(event)),
  };
}

async function feedAndAsk(): Promise<Record<string, number>> {
  const dir = await mkdtemp(join(tmpdir(), 'seastate-bench-'));
  const log = await openJournals({ dir, topics: defaultTopics(1), now: () => Date.now() });
  const view = await openView(join(dir, 'view.sqlite'));
  try {
    const records = Array.from({ length: count }, (_, i) => alertRecord(i));
    for (let i = 0; i < count; i += 500) await log.append('alerts', 0, records.slice(i, i + 500));
    const stop = new AbortController();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const following = view.follow(log, stop.signal);
    while (view.stats.rows < count) await new Promise((resolve) => setTimeout(resolve, 5));
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    stop.abort();
    await following;
    const asked = performance.now();
    const alerts = view.alerts({ states: ['resolved'], clusters: ['cluster-7'], limit: 1000 });
    const askedMs = performance.now() - asked;
    return {
      rowsPerSecond: count / seconds,
      cpuMicrosPerRow: (user + system) / count,
      alertsQueryMs: askedMs,
      alertsFound: alerts.length,
    };
  } finally {
    view.close();
    await log.close();
    await rm(dir, { recursive: true, force: true });
  }
}

export const cases: BenchCase[] = [{ name: 'sqlite view, 20k alert records', run: feedAndAsk }];
