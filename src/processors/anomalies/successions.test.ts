import { describe, expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { anomalies } from './definition.ts';

const step = 60_000;
type Labels = Record<string, string>;

/** Feeds a sample a minute to each of some series. */
function feed(d: StageDriver, minutes: number, all: readonly Labels[], value?: 'stale'): void {
  for (let i = 0; i < minutes; i++) {
    const series = all.map((labels) => ({
      labels: Object.entries({ __name__: 'queue_length', ...labels }) as [string, string][],
      samples: [{ time: d.now, value: value ?? 100 + ((i * 7) % 11) }],
    }));
    d.samples('c1', series);
    d.now += step;
  }
}

const inherited = (d: StageDriver): number => {
  d.advance(20_000);
  return d.of('status').at(-1)!.data.counters.anomalies_inherited ?? 0;
};

const deployment = (pod: string, image = 'web:1'): Labels => ({
  namespace: 'shop',
  pod: `web-${pod}`,
  image,
  pod_template_hash: pod.split('-')[0]!,
});

describe.each([false, true])('restored after each record: %s', (restoreAfterEach) => {
  const after = (first: readonly Labels[], then: readonly Labels[]): number => {
    const d = new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach });
    feed(d, 40, first);
    feed(d, 1, first, 'stale');
    feed(d, 2, then);
    return inherited(d);
  };

  test.each<[string, Labels[], Labels[], number]>([
    [
      'a roll-out with another image',
      [deployment('7d9c5b6f4c-x2x4z', 'web:1')],
      [deployment('5f4d9b8c77-b8k9q', 'web:2')],
      1,
    ],
    [
      'three pods of a drained node',
      ['x2x4z', 'b8k9q', 'zzzzz'].map((name) => deployment(`7d9c5b6f4c-${name}`)),
      ['qqqqq', 'ttttt', 'vvvvv'].map((name) => deployment(`7d9c5b6f4c-${name}`)),
      3,
    ],
    ['a stateful set', [{ pod: 'db-0', uid: 'a' }], [{ pod: 'db-0', uid: 'b' }], 1],
    ['another ordinal is another series', [{ pod: 'db-0' }], [{ pod: 'db-1' }], 0],
    [
      'a daemon set, by node',
      [{ pod: 'logs-x2x4z', node: 'n1' }],
      [{ pod: 'logs-b8k9q', node: 'n1' }],
      1,
    ],
    ['a cron job', [{ pod: 'backup-29318400-x2x4z' }], [{ pod: 'backup-29319840-b8k9q' }], 1],
    [
      'an instance with another address',
      [{ job: 'node', instance: '10.0.0.1:9100' }],
      [{ job: 'node', instance: '10.0.0.9:9100' }],
      1,
    ],
    ['another metric of a job', [{ job: 'a', instance: 'i' }], [{ job: 'b', instance: 'i' }], 0],
    ['words that only look generated', [{ pod: 'redis-cache' }], [{ pod: 'redis-proxy' }], 0],
    ['neither pod nor instance', [{ namespace: 'a' }], [{ namespace: 'b' }], 0],
  ])('%s', (_, first, then, count) => expect(after(first, then)).toBe(count));

  test('what lives again gives nothing, beside a living one nothing is taken', () => {
    const d = new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach });
    const one = deployment('7d9c5b6f4c-x2x4z');
    feed(d, 40, [one]);
    feed(d, 1, [one], 'stale');
    feed(d, 40, [one]);
    feed(d, 3, [one, deployment('7d9c5b6f4c-b8k9q')]);
    expect(inherited(d)).toBe(0);
  });
});
