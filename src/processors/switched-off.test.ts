import { expect, test } from 'vitest';
import type { SeriesInput } from '../formats/remote-write/encode.ts';
import { StageDriver } from '../testing/stage-driver.ts';
import { stages } from './stages.ts';

const names = ['alerts', 'anomalies', 'events'];
const routes = [
  { select: '{__name__="queue"}', model: 'static-threshold', parameters: { above: 100 } },
];

/** An alert, an anomaly and an event that last. */
function lasting(restoreAfterEach: boolean): StageDriver {
  const processors = stages['cluster']!;
  const d = new StageDriver(processors, { restoreAfterEach });
  d.record('settings', { version: 1, sha256: 'a', content: { anomalies: { routes } } });
  for (let i = 0; i < 12; i++) {
    const of = (name: string, value: number, labels: Record<string, string> = {}): SeriesInput => ({
      labels: Object.entries({ __name__: name, ...labels }).sort(([a], [b]) => (a < b ? -1 : 1)),
      samples: [{ time: d.now, value }],
    });
    const pressure = { condition: 'MemoryPressure', node: 'n1', status: 'true' };
    d.samples('c1', [
      of('ALERTS', 1, { alertname: 'Down', alertstate: 'firing' }),
      of('queue', i < 3 ? 1 : 5_000),
      of('kube_node_status_condition', i < 3 ? 0 : 1, pressure),
    ]).advance(15_000);
  }
  return d;
}

/** `topic state end` of the newest revision of each interval of the three. */
function standing(d: StageDriver): string[] {
  return names.flatMap((topic) => {
    const newest = new Map(d.of(topic).map(({ subject, data }) => [subject, data]));
    return [...newest.values()].map(({ state, end }) => `${topic} ${state} ${end !== null}`);
  });
}

const off = (d: StageDriver): StageDriver =>
  d
    .record('settings', {
      version: 2,
      sha256: 'b',
      content: { anomalies: { routes }, disabled: names },
    })
    .advance(60_000);

test('what a processor told as open is ended when the settings switch it off', () => {
  const d = lasting(false);
  const open = ['alerts firing false', 'anomalies open false', 'events open false'];
  expect(standing(d)).toEqual(open);
  off(d);
  expect(standing(d)).toEqual([
    'alerts resolved true',
    'anomalies closed true',
    'events closed true',
  ]);
  expect(d.of('alerts').at(-1)!.data.ended_by).toBe('switched_off');
  expect(d.of('events').at(-1)!.data.endBy).toBe('switched-off');
});

test('its ends are the same bytes from a restored state', () => {
  const values = (d: StageDriver) =>
    off(d).outputs.map(({ headers, value }) => ({ headers, value }));
  expect(values(lasting(true))).toEqual(values(lasting(false)));
});

test('events of a rule that the settings take away are withdrawn', () => {
  const d = new StageDriver(stages['cluster']!);
  const signals = [{ id: 'deep', scope: 'Queue/{name}', metric: { name: 'queue', is: '> 9' } }];
  const rule = { title: 'A queue is long', severity: 'info', object: 'Queue/{name}' };
  const rules = [
    { id: 'deep', fact: 'queue_long', ...rule, start: ['deep:on'], end: ['deep:off'] },
  ];
  const own = [{ family: 'own', signals, rules }];
  d.record('settings', { version: 1, sha256: 'a', content: { events: { rules: own } } });
  for (let i = 0; i < 6; i++) {
    const labels = [['__name__', 'queue'] as const, ['name', 'q'] as const];
    const samples = [{ time: d.now, value: i < 2 ? 1 : 50 }];
    d.samples('c1', [{ labels: labels as never, samples }]).advance(15_000);
  }
  expect(standing(d)).toEqual(['events open false']);
  d.record('settings', { version: 2, sha256: 'b', content: {} }).advance(60_000);
  expect(standing(d)).toEqual(['events withdrawn false']);
});
