import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { text } from '../../core/bytes.ts';
import { startOf } from '../../engine/position.ts';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import { encodeRecords } from '../../engine/runner/messages.ts';
import { Runner } from '../../engine/runner/runner.ts';
import type { StageOutput } from '../../engine/stage.ts';
import type { LogRecord } from '../../log/log.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { anomalies } from './definition.ts';

const minute = 60_000;
const hour = 60 * minute;
type Labels = Record<string, string>;
type Feed = { readonly value?: number | 'stale'; readonly interval?: number };

/** Feeds a sample of each of some series at every scrape. */
function feed(d: StageDriver, scrapes: number, all: readonly Labels[], given: Feed = {}): void {
  for (let i = 0; i < scrapes; i++) {
    const series = all.map((labels) => ({
      labels: Object.entries({ __name__: 'queue_length', ...labels }) as [string, string][],
      samples: [{ time: d.now, value: given.value ?? 100 + ((i * 7) % 11) }],
    }));
    d.samples('c1', series);
    d.now += given.interval ?? minute;
  }
}

const counted = (d: StageDriver, reason: string): number => {
  d.advance(20_000);
  return d.of('status').at(-1)!.data.counters[`anomalies_${reason}`] ?? 0;
};
const inherited = (d: StageDriver): number => counted(d, 'inherited');

const driver = (restoreAfterEach: boolean, limit?: number): StageDriver => {
  const d = new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach });
  const content = { anomalies: limit === undefined ? {} : { resting_max: limit } };
  return d.record('settings', { version: 1, sha256: '', content });
};

const deployment = (pod: string, image = 'web:1'): Labels => ({
  namespace: 'shop',
  pod: `web-${pod}`,
  image,
  pod_template_hash: pod.split('-')[0]!,
});

describe.each([false, true])('restored after each record: %s', (restoreAfterEach) => {
  const heirs = (first: readonly Labels[], then: readonly Labels[]): number => {
    const d = driver(restoreAfterEach);
    feed(d, 40, first);
    feed(d, 1, first, { value: 'stale' });
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
  ])('%s', (_, first, then, count) => expect(heirs(first, then)).toBe(count));

  test('what lives again gives nothing, beside a living one nothing is taken', () => {
    const d = driver(restoreAfterEach);
    const one = deployment('7d9c5b6f4c-x2x4z');
    feed(d, 40, [one]);
    feed(d, 1, [one], { value: 'stale' });
    feed(d, 40, [one]);
    feed(d, 3, [one, deployment('7d9c5b6f4c-b8k9q')]);
    expect(inherited(d)).toBe(0);
  });

  test('each dead one is succeeded by one: what is more begins anew', () => {
    expect(heirs(pods('x2x4z'), pods('qqqqq', 'ttttt', 'vvvvv'))).toBe(1);
  });

  /** Three pods are replaced one by one, the new one first; returns how many inherited. */
  function rollOut(d: StageDriver, interval: number, isMarked: boolean): number {
    const old = pods('b8k9q', 'x2x4z', 'zzzzz');
    const young = pods('qqqqq', 'ttttt', 'vvvvv');
    feed(d, 40, old, { interval });
    for (const each of young) {
      const gone = old.pop()!;
      old.unshift(each);
      feed(d, 2, [...old, gone], { interval });
      if (isMarked) feed(d, 1, [gone], { interval: 0, value: 'stale' });
      feed(d, 2, old, { interval });
    }
    // Until its clock says that what is silent has ended.
    feed(d, Math.ceil(Math.max(5 * minute, 2.5 * interval) / interval) + 2, old, { interval });
    return inherited(d);
  }

  test.each([10_000, 30_000, minute, 5 * minute])('a rolling update, scraped every %i ms', (ms) => {
    for (const isMarked of [true, false]) {
      expect(rollOut(driver(restoreAfterEach), ms, isMarked)).toBe(3);
    }
  });

  test('what is replaced has not stopped, what nobody follows on has', () => {
    const d = driver(restoreAfterEach);
    rollOut(d, minute, false);
    expect(d.of('anomalies').filter(({ data }) => data.kind === 'stopped')).toEqual([]);
    expect(counted(d, 'replaced')).toBe(3);
    feed(d, 70, pods('qqqqq', 'ttttt'));
    const stopped = d.of('anomalies').map(({ data }) => [data.kind, data.labels.pod, data.state]);
    expect(stopped[0]).toEqual(['stopped', pods('vvvvv')[0]!['pod'], 'open']);
  });

  test('one more pod inherits nothing, neither at once nor when another ends later', () => {
    const d = driver(restoreAfterEach);
    const [one, other, more] = pods('b8k9q', 'x2x4z', 'qqqqq');
    feed(d, 30, [one!, other!]);
    feed(d, 61, [one!, other!, more!]);
    feed(d, 10, [one!, more!]);
    expect(inherited(d)).toBe(0);
  });

  test('of pods that began together none takes over from another', () => {
    const d = driver(restoreAfterEach);
    const [one, other] = pods('b8k9q', 'x2x4z');
    feed(d, 20, [one!, other!]);
    feed(d, 10, [one!]);
    expect(inherited(d)).toBe(0);
  });

  test('of two clusters each has its own heirs, whenever theirs came', () => {
    const d = driver(restoreAfterEach);
    const clusters: [cluster: string, pod: Labels, from: number, to: number][] = [
      ['c1', pods('b8k9q')[0]!, 0, 30],
      ['c1', pods('qqqqq')[0]!, 28, 60],
      ['c2', pods('x2x4z')[0]!, 0, 30],
      ['c2', pods('ttttt')[0]!, 32, 60],
      ['c3', pods('vvvvv')[0]!, 31, 60],
    ];
    for (let i = 0; i < 60; i++) {
      for (const [cluster, pod, from, to] of clusters) {
        const all = i >= from && i < to ? [steady, pod] : [steady];
        const series = all.map((labels) => ({
          labels: Object.entries({ __name__: 'queue_length', ...labels }) as [string, string][],
          samples: [{ time: d.now, value: 100 + ((i * 7) % 11) }],
        }));
        d.samples(cluster, series);
      }
      d.now += minute;
    }
    expect(inherited(d)).toBe(2);
  });

  test('a whole scraper was away, and with it the end of its pods', () => {
    const d = driver(restoreAfterEach);
    feed(d, 30, [steady, ...pods('x2x4z')]);
    d.now += 20 * minute;
    feed(d, 10, [steady, ...pods('qqqqq')]);
    expect(inherited(d)).toBe(1);
  });
});

const steady = { job: 'node', instance: 'n1' };
/** Long enough for what is silent to end, and then hours of log time. */
function wait(d: StageDriver, hours: number): void {
  feed(d, 7, [steady]);
  feed(d, 3, [steady], { interval: (hours * hour) / 3 });
}

const pods = (...names: string[]): Labels[] =>
  names.map((name) => deployment(`7d9c5b6f4c-${name}`));

describe.each([false, true])('hours of silence, restored after each: %s', (restoreAfterEach) => {
  const night = (name: string, i: number): Labels => ({ pod: `${name}-${29_318_400 + i}-x2x4z` });

  test.each([2, 24, 24 * 7])('a job every %i hours goes on with what it knew', (hours) => {
    const d = driver(restoreAfterEach);
    for (let i = 0; i < 4; i++) {
      feed(d, 20, [steady, night('backup', i)]);
      if (i % 2 === 0) feed(d, 1, [night('backup', i)], { value: 'stale' });
      wait(d, hours);
    }
    expect(inherited(d)).toBe(3);
  });

  test('one that comes again under its own name, or is scaled to nothing over night, too', () => {
    const d = driver(restoreAfterEach);
    const own = { job: 'report', exported_job: 'weekly' };
    feed(d, 20, [steady, own, ...pods('b8k9q', 'x2x4z')]);
    wait(d, 12);
    feed(d, 20, [steady, own, ...pods('qqqqq', 'ttttt', 'vvvvv')]);
    expect(inherited(d)).toBe(3);
  });

  test('of too many the oldest goes, of the cluster that has most', () => {
    const d = driver(restoreAfterEach, 3);
    const jobs = ['a', 'b', 'c', 'd'].map((name) => night(name, 0));
    for (const job of jobs) {
      feed(d, 20, [steady, job]);
      wait(d, 4);
    }
    expect(counted(d, 'resting_over_limit')).toBe(1);
    feed(d, 20, [steady, ...['a', 'b', 'c', 'd'].map((name) => night(name, 1))]);
    expect(inherited(d)).toBe(3);
  });

  test('what a change of routes leaves to nobody is not succeeded, by whatever has its slot later', () => {
    const d = driver(restoreAfterEach);
    const routes = (version: number, select: string) => {
      const content = { anomalies: { routes: [{ select }] } };
      return d.record('settings', { version, sha256: '', content });
    };
    feed(d, 20, [steady, ...pods('x2x4z')]);
    feed(d, 1, pods('x2x4z'), { value: 'stale' });
    routes(2, '{job="node"}');
    wait(d, 2);
    routes(3, '{pod!=""}');
    const other = { pod: 'db-0' };
    feed(d, 20, [steady, other]);
    feed(d, 1, [other], { value: 'stale' });
    feed(d, 5, [steady, ...pods('b8k9q')]);
    expect(inherited(d)).toBe(0);
  });

  test('what came to another route before it was forgotten takes no place of what is known', () => {
    const d = driver(restoreAfterEach, 1);
    feed(d, 20, [steady, night('a', 0)]);
    feed(d, 1, [night('a', 0)], { value: 'stale' });
    const routes = [{ select: '{pod!=""}', model: 'robust-z' }];
    const content = { anomalies: { resting_max: 1, routes } };
    d.record('settings', { version: 2, sha256: '', content });
    feed(d, 20, [steady, night('b', 0)]);
    wait(d, 3);
    expect(counted(d, 'resting_over_limit')).toBe(0);
    feed(d, 5, [steady, night('b', 1)]);
    expect(inherited(d)).toBe(1);
  });

  test('what rests is no search for a cycle', () => {
    const d = driver(restoreAfterEach);
    const content = { anomalies: { cycle_searches_max: 2 } };
    d.record('settings', { version: 2, sha256: '', content });
    for (const name of ['a', 'b', 'c']) {
      feed(d, 20, [steady, night(name, 0)]);
      wait(d, 3);
    }
    expect(counted(d, 'cycles_over_limit')).toBe(0);
  });

  test('what never moved leaves nothing', () => {
    const d = driver(restoreAfterEach, 1);
    feed(d, 20, [steady, night('a', 0), night('b', 0)], { value: 7 });
    wait(d, 3);
    feed(d, 20, [steady, night('a', 1)], { value: 7 });
    expect([inherited(d), counted(d, 'resting_over_limit')]).toEqual([0, 0]);
  });
});

const flat = (outputs: readonly StageOutput[]) =>
  outputs.map(({ value, ...rest }) => ({ ...rest, value: value && text(value) }));

/** Outputs of records that are given in batches of so many. */
function inBatches(records: readonly LogRecord[], size: number): StageOutput[] {
  const stage = { name: 'cluster', processors: [anomalies as ProcessorDefinition] };
  const runner = new Runner(stage, { stage: 'cluster', partitions: 1, targets: {} });
  let position = startOf(0, 0);
  runner.handle({ type: 'load', partition: 0, position, chunks: [], tail: [] });
  const outputs: StageOutput[] = [];
  for (let at = 0; at < records.length; at += size) {
    const batch = encodeRecords(records.slice(at, at + size));
    const type = 'batch' as const;
    const done = runner.handle({
      type,
      partition: 0,
      position,
      wantSnapshot: false,
      records: batch,
    });
    if (done.type !== 'done') throw new Error(`runner replied ${done.type}`);
    position = done.position;
    outputs.push(...done.outputs);
  }
  return outputs;
}

test('the outputs are the same whenever the state was saved and restored, in batches of any size', () => {
  const [kept, restored] = [false, true].map((restoreAfterEach) => {
    const d = driver(restoreAfterEach, 2);
    for (let i = 0; i < 3; i++) {
      const job = { pod: `backup-${29_318_400 + i}-x2x4z` };
      feed(d, 20, [steady, job, ...pods('b8k9q', 'x2x4z')]);
      feed(d, 3, [steady, ...pods('qqqqq', 'b8k9q')], { value: 400 });
      wait(d, 4);
    }
    expect(inherited(d)).toBeGreaterThan(3);
    return d;
  });
  expect(flat(restored!.outputs)).toEqual(flat(kept!.outputs));
  for (const size of [2, 7, 1000]) {
    expect(flat(inBatches(kept!.records, size))).toEqual(flat(kept!.outputs));
  }
}, 60_000);

test('a cycle that is found, doubted in an heir and given up is so in batches of any size', () => {
  const d = driver(false);
  const [first, next] = pods('b8k9q', 'x2x4z') as [Labels, Labels];
  // A cycle of eleven rows, until it holds still.
  feed(d, 150, [steady, first]);
  feed(d, 1, [first], { value: 'stale' });
  feed(d, 40, [steady, next]);
  feed(d, 480, [next], { value: 105 });
  feed(d, 150, [next]);
  feed(d, 12, [next], { value: 400 });
  expect(inherited(d)).toBe(1);
  expect(d.of('anomalies').length).toBeGreaterThan(0);
  for (const size of [1, 7, 1000]) {
    expect(flat(inBatches(d.records, size))).toEqual(flat(d.outputs));
  }
}, 60_000);

test('whatever comes and goes, a restored state makes the same outputs as a kept one', () => {
  const names = ['b8k9q', 'x2x4z', 'zzzzz', 'qqqqq'];
  const step = fc.record({
    pods: fc.uniqueArray(fc.constantFrom(...names, 'db-0', 'db-1'), { maxLength: 4 }),
    scrapes: fc.integer({ min: 1, max: 6 }),
    stale: fc.boolean(),
    wait: fc.constantFrom(0, 0, 0, 4 * minute, 2 * hour),
  });
  const drive = (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) =>
    [false, true].map((restoreAfterEach) => {
      const d = driver(restoreAfterEach, 2);
      feed(d, 8, [steady, ...pods('b8k9q', 'x2x4z')]);
      for (const each of steps) {
        const all = each.pods.map((pod) => (pod.startsWith('db') ? { pod } : pods(pod)[0]!));
        feed(d, each.scrapes, [steady, ...all]);
        if (each.stale && all.length > 0) feed(d, 1, all.slice(0, 1), { value: 'stale' });
        d.now += each.wait;
      }
      return d;
    });
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 8 }), (steps) => {
      const [kept, restored] = drive(steps);
      expect(flat(restored!.outputs)).toEqual(flat(kept!.outputs));
      expect(restored!.position).toEqual(kept!.position);
    }),
    { seed: 20241, numRuns: 8 },
  );
}, 60_000);
