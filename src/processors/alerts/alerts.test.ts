import { describe, expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { alerts } from './alerts.ts';
import { alertData } from './schema.ts';

const minute = 60_000;

function series(
  name: string,
  labels: Record<string, string>,
  time: number,
  value: number | 'stale',
) {
  const pairs = Object.entries({ __name__: name, ...labels }).sort(([a], [b]) => (a < b ? -1 : 1));
  return { labels: pairs as [string, string][], samples: [{ time, value }] };
}

const alert = (time: number, value: number | 'stale' = 1, labels: Record<string, string> = {}) =>
  series(
    'ALERTS',
    { alertname: 'Down', alertstate: 'firing', severity: 'page', ...labels },
    time,
    value,
  );

/** `up` keeps the sender's clock going. */
const up = (time: number, labels: Record<string, string> = {}) =>
  series('up', { job: 'a', ...labels }, time, 1);

describe.each([false, true])('alerts, restored after each record: %s', (restoreAfterEach) => {
  const driver = () => new StageDriver([alerts as ProcessorDefinition], { restoreAfterEach });
  const told = (d: StageDriver) =>
    d
      .of('alerts')
      .map(({ data }) => `${data.state} ${data.alertname} ${data.ended_by ?? ''}`.trim());

  test('starts with the first sample, ends with the stale marker, and is told once each', () => {
    const d = driver();
    const t0 = d.now;
    d.samples('c1', [alert(t0 - 700)]);
    d.advance(15_000).samples('c1', [alert(d.now)]);
    d.advance(15_000).samples('c1', [alert(d.now, 'stale')]);
    d.advance(10 * minute);
    const [first, second, ...more] = d.of('alerts');
    expect(more).toEqual([]);
    expect(alertData.parse(first!.data)).toMatchObject({
      state: 'firing',
      cluster: 'c1',
      severity: 'page',
      labels: { alertname: 'Down', severity: 'page' },
      start: new Date(t0 - 700).toISOString(),
      end: null,
      lag_ms: 700,
    });
    expect(second!.subject).toBe(first!.subject);
    expect(alertData.parse(second!.data)).toMatchObject({
      state: 'resolved',
      end: new Date(t0 + 30_000).toISOString(),
      ended_by: 'stale_marker',
    });
  });

  test("ends by its sender's clock after five minutes without a sample, at its last one", () => {
    const d = driver();
    const t0 = d.now;
    d.samples('c1', [alert(t0), up(t0)]);
    for (let i = 0; i < 25; i++) d.advance(15_000).samples('c1', [up(d.now)]);
    expect(told(d)).toEqual(['firing Down', 'resolved Down sender_clock']);
    expect(d.of('alerts')[1]!.data.end).toBe(new Date(t0).toISOString());
  });

  test('a silent sender ends nothing, neither while silent nor on its return', () => {
    const d = driver();
    d.samples('c1', [alert(d.now), up(d.now)]);
    d.advance(60 * minute);
    for (let i = 0; i < 10; i++) d.samples('c1', [up(d.now)]).advance(15_000);
    d.samples('c1', [alert(d.now)]).advance(15_000);
    expect(told(d)).toEqual(['firing Down']);
  });

  test('a backlog of two hours ends an alert only by its stale marker', () => {
    const d = driver();
    const start = d.now - 120 * minute;
    d.samples('c1', [alert(start), up(start)]);
    for (let i = 1; i <= 60; i++) d.advance(1_000).samples('c1', [up(start + i * minute)]);
    expect(told(d)).toEqual(['firing Down']);
    d.samples('c1', [alert(start + 61 * minute, 'stale')]);
    expect(told(d)).toEqual(['firing Down', 'resolved Down stale_marker']);
  });

  test('samples of the future and before 1970 are refused and move no clock', () => {
    const d = driver();
    d.samples('c1', [alert(d.now), up(d.now)]);
    d.samples('c1', [up(Date.UTC(2030, 0, 1), { job: 'b' }), up(-5, { job: 'b' })]);
    d.samples('c1', [alert(Date.UTC(2030, 0, 1), 'stale')]);
    d.advance(20 * minute);
    expect(told(d)).toEqual(['firing Down']);
    const { counters } = d.of('status').at(-1)!.data.clusters[0];
    expect(counters).toMatchObject({ future: 2, negative_time: 1, samples: 2 });
  });

  test('repeats and late samples change nothing', () => {
    const d = driver();
    const t0 = d.now;
    d.samples('c1', [alert(t0)])
      .samples('c1', [alert(t0)])
      .samples('c1', [alert(t0 - 5_000)]);
    d.samples('c1', [alert(t0 - 1_000, 'stale')]).advance(minute);
    expect(told(d)).toEqual(['firing Down']);
    const [sender] = d.of('status').at(-1)!.data.senders;
    expect(sender).toMatchObject({ repeats: 1, late: 2 });
  });

  test('of an HA pair one replica is followed; the other takes over without a second alert', () => {
    const d = driver();
    const from = (replica: string) => ({ prometheus: 'k8s', prometheus_replica: replica });
    d.samples('c1', [alert(d.now, 1, from('a')), up(d.now, from('a'))]);
    d.samples('c1', [alert(d.now + 300, 1, from('b')), up(d.now + 300, from('b'))]);
    d.advance(15_000).samples('c1', [alert(d.now, 1, from('a'))]);
    for (let i = 0; i < 40; i++) {
      d.advance(15_000).samples('c1', [alert(d.now, 1, from('b')), up(d.now, from('b'))]);
    }
    expect(told(d)).toEqual(['firing Down']);
    expect(d.of('alerts')[0]!.data.labels).toEqual({
      alertname: 'Down',
      severity: 'page',
      prometheus: 'k8s',
    });
    d.samples('c1', [alert(d.now + 1, 'stale', from('b'))]);
    expect(told(d)).toEqual(['firing Down', 'resolved Down stale_marker']);
  });

  test('pending alerts are told only when the settings ask for it', () => {
    const d = driver();
    const pending = (time: number) => alert(time, 1, { alertstate: 'pending', alertname: 'Slow' });
    d.samples('c1', [pending(d.now)]);
    expect(told(d)).toEqual([]);
    d.record('settings', { version: 1, sha256: '', content: { alerts: { pending: true } } });
    d.advance(15_000).samples('c1', [pending(d.now)]);
    expect(told(d)).toEqual(['firing Slow']);
    expect(d.of('alerts')[0]!.data.alertstate).toBe('pending');
  });

  test('the same labels on two clusters and for two tenants are three alerts', () => {
    const d = driver();
    d.samples('c1', [alert(d.now)]).samples('c2', [alert(d.now)]);
    d.samples('c1', [alert(d.now)], 'other');
    expect(new Set(d.of('alerts').map(({ subject }) => subject)).size).toBe(3);
  });

  test('an alert that fires again is a new one', () => {
    const d = driver();
    d.samples('c1', [alert(d.now)])
      .advance(15_000)
      .samples('c1', [alert(d.now, 'stale')]);
    d.advance(15_000).samples('c1', [alert(d.now)]);
    expect(told(d)).toEqual(['firing Down', 'resolved Down stale_marker', 'firing Down']);
    expect(new Set(d.of('alerts').map(({ subject }) => subject)).size).toBe(2);
  });
});
