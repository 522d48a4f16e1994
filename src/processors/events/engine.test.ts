import { describe, expect, it } from 'vitest';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import type { SeriesInput } from '../../formats/remote-write/encode.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { events } from './events.ts';
import type { Interval } from './interval.ts';
import { intervalSchema } from './interval.ts';

const start = 1_795_354_900_000;

/** A node under pressure, then rebooting, on the real engine: samples each 15 s, some events. */
function play(driver: StageDriver): StageDriver {
  const nodes = ['worker-1', 'worker-2'];
  const state = { pressure: 0, ready: 1, boot: 1_795_000_000 };
  for (let scrape = 0; scrape < 40; scrape++) {
    if (scrape === 8) state.pressure = 1;
    if (scrape === 16) state.pressure = 0;
    if (scrape === 20) state.ready = 0;
    if (scrape === 26) Object.assign(state, { ready: 1, boot: state.boot + 500_000 });
    const time = driver.now;
    const of = (name: string, labels: Record<string, string>, value: number): SeriesInput => ({
      labels: Object.entries({ __name__: name, cluster: 'c1', ...labels }),
      samples: [{ time, value }],
    });
    const series = nodes.flatMap((node) => {
      const is = (value: number, other: number): number => (node === 'worker-1' ? value : other);
      const condition = (name: string, value: number): SeriesInput =>
        of('kube_node_status_condition', { condition: name, node, status: 'true' }, value);
      return [
        condition('MemoryPressure', is(state.pressure, 0)),
        condition('Ready', is(state.ready, 1)),
        of('node_boot_time_seconds', { node }, is(state.boot, 1_795_000_000)),
      ];
    });
    driver.samples('c1', series);
    if (scrape === 8)
      driver.record('kubernetes-event', event('NodeHasInsufficientMemory', time), 'c1');
    if (scrape === 27) driver.record('kubernetes-event', event('SomethingNew', time), 'c1');
    driver.advance(15_000);
  }
  return driver;
}

const event = (reason: string, time: number): object => ({
  version: 1,
  cluster: null,
  verb: 'ADDED',
  name: `worker-1.${reason}`,
  uid: '',
  kind: 'Node',
  namespace: '',
  object: 'worker-1',
  container: '',
  reason,
  type: 'Normal',
  message: `Node worker-1 status is now: ${reason}`,
  component: 'kubelet',
  host: 'worker-1',
  first: time - 4_000,
  last: time - 4_000,
  eventTime: null,
  created: null,
  start: time - 4_000,
  end: time - 4_000,
  count: 1,
  series: null,
});

const processors = [events as ProcessorDefinition];

describe('on the engine', () => {
  it('tells intervals with evidence of both sources', () => {
    const told = play(new StageDriver(processors, { startMs: start })).of('events');
    for (const { data, subject } of told) {
      expect(intervalSchema.parse(data).id).toBe(subject);
    }
    const newest = new Map(told.map(({ subject, data }) => [subject, data as Interval]));
    const found = [...newest.values()].filter((i) => i.change !== 'withdraw');
    expect(found.map((i) => [i.fact, i.object, i.start - start, i.end! - start])).toEqual([
      ['node_memory_pressure', 'Node/worker-1', 116_000, 240_000],
      ['node_rebooted', 'Node/worker-1', 300_000, 390_000],
    ]);
    expect(found[0]).toMatchObject({ confidence: 0.95, missing: [], count: 2 });
    expect(found[1]).toMatchObject({ confidence: 0.8, missing: ['kubernetes-event'] });
  });

  it('refuses a record that is no event, and goes on', () => {
    const driver = new StageDriver(processors, { startMs: start });
    const broken = [{}, { ...event('NodeReady', start), message: 7 }, [], null];
    for (const value of broken) driver.record('kubernetes-event', value as object, 'c1');
    driver.give({ kind: 'kubernetes-event', tenant: 't', cluster: 'c1' }, Buffer.from('{"a"'));
    expect(driver.of('rejected').map(({ data }) => data.reason)).toEqual(
      Array(5).fill('bad_record'),
    );
    expect(play(driver).of('events').length).toBeGreaterThan(3);
  });

  it('takes a scope of a rule that is a word of the language', () => {
    const driver = new StageDriver(processors, { startMs: start });
    const signal = { id: 'mine', scope: '{reason}', event: { reason: 'constructor' } };
    const shown = { id: 'mine', fact: 'mine', title: 'Mine', severity: 'info' };
    const rule = { ...shown, object: '{reason}', track: 'instant', start: ['mine'] };
    const events = { rules: [{ family: 'mine', signals: [signal], rules: [rule] }] };
    driver.record('settings', { version: 1, sha256: 'x', content: { events } });
    driver.record('kubernetes-event', event('constructor', driver.now), 'c1').advance(120_000);
    expect(driver.of('events').map(({ data }) => data.object)).toContain('constructor');
  });

  it('lists reasons that no rule knows in the status', () => {
    const status = play(new StageDriver(processors, { startMs: start }))
      .of('status')
      .at(-1)!.data;
    expect(status.counters.events_unclassified_reason).toBe(1);
    expect(status.notes).toMatchObject([
      {
        processor: 'events',
        cluster: 'c1',
        what: 'no rule knows Node SomethingNew (kubelet): Node worker-1 status is now: SomethingNew',
        count: 1,
      },
    ]);
  });

  it('keeps room for the unknown reasons of a tenant beside one that has very many', () => {
    const driver = new StageDriver(processors, { startMs: start });
    const content = { events: { unknown_reasons: 10 } };
    driver.record('settings', { version: 1, sha256: 'x', content });
    const tell = (reason: string, tenant: string): void => {
      driver.record('kubernetes-event', event(reason, driver.now), 'c1', tenant);
    };
    for (let i = 0; i < 30; i++) tell(`Loud${i}`, 'loud');
    for (const reason of ['One', 'Two', 'Three']) tell(reason, 'quiet');
    const { notes, counters } = driver.advance(20_000).of('status').at(-1)!.data;
    const of = (name: string) => notes.filter(({ tenant }: { tenant: string }) => tenant === name);
    expect([of('loud').length, of('quiet').length]).toEqual([7, 3]);
    expect(counters).toMatchObject({
      events_unclassified_reasons_over_limit: 20,
      events_unclassified_reasons_dropped: 3,
    });
  });

  it('numbers the same bytes when its state is restored after every record', () => {
    const bytes = (driver: StageDriver): string[] =>
      play(driver)
        .outputs.filter((output) => output.topic === 'events')
        .map(({ headers, value }) => JSON.stringify(headers) + Buffer.from(value ?? []).toString());
    const kept = bytes(new StageDriver(processors, { startMs: start }));
    const restored = bytes(new StageDriver(processors, { startMs: start, restoreAfterEach: true }));
    expect(kept.length).toBeGreaterThan(5);
    expect(restored).toEqual(kept);
  });
});
