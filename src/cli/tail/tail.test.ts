import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataLayout } from '../../config/layout.ts';
import { utf8 } from '../../core/bytes.ts';
import { encodeRequest } from '../../formats/remote-write/encode.ts';
import { encodeBody } from '../../formats/snappy/body-encoding.ts';
import { type JournalLog, openJournals } from '../../log/journal/journals.ts';
import { defaultTopics } from '../../log/topics.ts';
import { runOnce } from '../run-once.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-tail-'));
let now = Date.parse('2026-03-01T10:00:00Z');
let log: JournalLog;

const alert = (state: string, cluster: string, alertname: string, severity: string) => {
  const start = new Date(now).toISOString();
  const labels = { alertname, severity, namespace: 'shop' };
  const end = state === 'resolved' ? start : null;
  const data = {
    state,
    alertname,
    severity,
    tenant: 'default',
    cluster,
    cluster_title: cluster === 'east' ? 'East' : '',
    labels,
    value: 1,
    start,
    end,
  };
  const event = { specversion: '1.0', id: 'a/0', time: start, type: 'seastate.alert', data };
  return { headers: { tenant: 'default', cluster }, value: utf8(JSON.stringify(event)) };
};
const samples = (cluster: string, encoding: 'snappy' | 'zstd', values: Record<string, number>) => {
  const series = Object.entries(values).map(([name, value]) => ({
    labels: [
      ['__name__', name],
      ['pod', 'p-1'],
    ] as [string, string][],
    samples: [{ time: now, value }],
  }));
  return {
    headers: { kind: 'samples', tenant: 'default', cluster, encoding },
    value: encodeBody(encoding, encodeRequest(series)),
  };
};

beforeAll(async () => {
  log = await openJournals({
    dir: dataLayout(folder).log,
    topics: defaultTopics(2),
    now: () => now,
  });
  await log.append('alerts', 0, [alert('firing', 'east', 'Down', 'critical')]);
  await log.append('telemetry', 1, [samples('west', 'zstd', { up: 0, etcd_db_size: 7 })]);
  now += 60_000;
  await log.append('alerts', 0, [
    { headers: { kind: 'tick' }, value: null },
    alert('resolved', 'east', 'Down', 'critical'),
    alert('firing', 'west', 'Slow', 'warning'),
  ]);
  await log.append('telemetry', 0, [
    samples('east', 'snappy', { up: 1, ['inf']: Number.POSITIVE_INFINITY }),
  ]);
  await log.append('telemetry', 1, [samples('west', 'snappy', { up: 1 })]);
  const burst = {
    state: 'closed',
    cluster: 'id-1',
    cluster_title: 'East',
    metric: 'up',
    direction: 'down',
    score: 2 / 3,
    observed: 1234.5678,
    expected: null,
    labels: { cluster: 'East', pod: 'p-1' },
    start: '2026-03-01T09:50:00.000Z',
    end: '2026-03-01T09:55:00.000Z',
  };
  const event = {
    specversion: '1.0',
    time: '2026-03-01T10:01:00.000Z',
    subject: 'a1',
    data: burst,
  };
  await log.append('anomalies', 0, [
    { headers: { tenant: 'default', cluster: 'id-1' }, value: utf8(JSON.stringify(event)) },
  ]);
  await log.append('rejected', 0, [{ headers: { reason: 'not_json' }, value: utf8('nonsense') }]);
});
afterAll(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const tail = (...args: string[]) =>
  runOnce(['tail', ...args, '--data', folder], {}, { nowMs: now + 1_000 });
const lines = (out: string): Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('alerts', () => {
  test('as a table', async () => {
    const { code, out, err } = await tail('--no-follow', '-o', 'table');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      [
        'TIME                      STATE     ALERTNAME  SEVERITY  CLUSTER  VALUE  LABELS',
        '2026-03-01T10:00:00.000Z  firing    Down       critical  East         1  namespace="shop"',
        '2026-03-01T10:01:00.000Z  resolved  Down       critical  East         1  namespace="shop"',
        '2026-03-01T10:01:00.000Z  firing    Slow       warning   west         1  namespace="shop"',
        '',
      ].join('\n'),
    );
  });

  test('a line per record where nobody said otherwise', async () => {
    const { out } = await tail('alerts', '{severity=~"crit.*",cluster="east"}', '--no-follow');
    expect(lines(out).map(({ data }) => (data as { state: string }).state)).toEqual([
      'firing',
      'resolved',
    ]);
  });

  test('from a moment on, and up to one', async () => {
    const from = await tail('--no-follow', '--from', '-30s');
    expect(lines(from.out)).toHaveLength(2);
    const to = await tail('--no-follow', '--to', '2026-03-01T10:00:30Z');
    expect(lines(to.out)).toHaveLength(1);
  });

  test('not more than asked for', async () => {
    expect(lines((await tail('--no-follow', '-n', '2')).out)).toHaveLength(2);
    // Following ends there too.
    expect(lines((await tail('-n', '1')).out)).toHaveLength(1);
  });
});

describe('metrics', () => {
  test('chosen series of all partitions, in the order of log time', async () => {
    const { out } = await tail(
      'metrics',
      '{__name__=~"up|etcd_.*size.*"}',
      '--from',
      '-1h',
      '--no-follow',
    );
    expect(lines(out)).toEqual([
      row('10:00', 'west', 'up', 0),
      row('10:00', 'west', 'etcd_db_size', 7),
      row('10:01', 'east', 'up', 1),
      row('10:01', 'west', 'up', 1),
    ]);
  });

  test('what JSON has no number for is text', async () => {
    const { out } = await tail('metrics', 'inf', '--no-follow');
    expect(lines(out)).toEqual([row('10:01', 'east', 'inf', '+Inf')]);
  });

  test('as CSV', async () => {
    const { out } = await tail('metrics', 'up', '--no-follow', '-o', 'csv', '-n', '1');
    expect(out).toBe(
      'time,cluster,metric,value,labels\n2026-03-01T10:01:00.000Z,east,up,1,"{""pod"":""p-1""}"\n',
    );
  });

  const row = (time: string, cluster: string, metric: string, value: unknown) => ({
    time: `2026-03-01T${time}:00.000Z`,
    cluster,
    metric,
    labels: { pod: 'p-1' },
    value,
  });
});

test('a table of intervals says when they were, what to ask for, and short numbers', async () => {
  const { out } = await tail('anomalies', '--no-follow', '-o', 'table');
  expect(out.split('\n')[1]!.split(/ {2,}/)).toEqual([
    '2026-03-01T09:55:00.000Z',
    'closed',
    'East',
    'up',
    'down',
    '0.666667',
    '1234.57',
    'a1',
    'pod="p-1"',
  ]);
});

test('CSV has what its columns name, whole', async () => {
  const row = async (what: string) =>
    (await tail(what, '--no-follow', '-o', 'csv', '-n', '1')).out.split('\n')[1];
  expect(await row('alerts')).toBe(
    '2026-03-01T10:00:00.000Z,firing,Down,critical,East,1,' +
      '"{""alertname"":""Down"",""severity"":""critical"",""namespace"":""shop""}"',
  );
  expect(await row('anomalies')).toBe(
    '2026-03-01T09:55:00.000Z,closed,East,up,down,0.6666666666666666,1234.5678,,a1,' +
      '"{""cluster"":""East"",""pod"":""p-1""}"',
  );
});

test('what is not JSON is shown as it came', async () => {
  const { out } = await tail('rejected', '--no-follow');
  expect(lines(out)).toEqual([
    { time: '2026-03-01T10:01:00.000Z', reason: 'not_json', data: 'nonsense' },
  ]);
});

test('following shows what comes', async () => {
  const running = tail('alerts', '{alertname="Late"}', '-n', '1');
  await log.append('alerts', 0, [alert('firing', 'east', 'Late', 'info')]);
  const { code, out } = await running;
  expect(code).toBe(0);
  expect(lines(out)).toHaveLength(1);
});

test('a signal ends following, and that is no failure', async () => {
  const { code, out } = await runOnce(
    ['tail', 'alerts', '{alertname="Never"}', '--data', folder],
    {},
    { nowMs: now, signal: AbortSignal.timeout(50) },
  );
  expect({ code, out }).toEqual({ code: 0, out: '' });
});

test('a folder without a log says so', async () => {
  const { code, err } = await runOnce(['tail', '--data', join(folder, 'nothing'), '--no-follow']);
  expect(code).toBe(1);
  expect(err).toContain(join(folder, 'nothing'));
});
