import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesEqual, text } from '../core/bytes.ts';
import type { LogRecord } from '../log/log.ts';
import { rejectedData } from '../log/rejected.ts';
import { StageDriver } from '../testing/stage-driver.ts';
import { startOf } from './position.ts';
import { type Block, defineProcessor, type ProcessorDefinition } from './processor.ts';
import { type Done, encodeRecords } from './runner/messages.ts';
import { Runner } from './runner/runner.ts';
import type { StageOutput } from './stage.ts';
import { sameKey } from './tables.ts';

interface Seen {
  cluster: number;
  ticks: number;
  names: string[];
}

/** Sums each series and tells it every tick: columns, tables, births, ends and slots in one. */
const sums = defineProcessor({
  name: 'sums',
  version: 1,
  outputs: ['alerts', 'x-sums'],
  create(context) {
    const state = context.columns('sums', { sum: 'f64', count: { type: 'u16', initial: 7 } });
    const seen = context.table<Seen>('seen', sameKey);
    const tell = (what: string, slot: number): void =>
      context.emit({
        topic: 'x-sums',
        type: what,
        cluster: context.series.cluster(slot),
        subject: `${context.series.label(slot, 'i')}`,
        revision: state.arrays.count[slot]!,
        data: { sum: state.arrays.sum[slot], interval: context.series.interval(slot), slot },
      });
    return {
      samples(block: Block) {
        for (let i = 0; i < block.length; i++) {
          const slot = block.slots[i]!;
          state.arrays.count[slot]!++;
          if (block.stale[i] === 1) tell('stale', slot);
          else state.arrays.sum[slot]! += block.values[i]!;
        }
      },
      born: (slot) => tell('born', slot),
      ended: (slot) => tell('ended', slot),
      forgotten: (slot) => tell('forgotten', slot),
      tick(tick) {
        const row = seen.get('all') ?? seen.set('all', { cluster: 0, ticks: 0, names: [] });
        row.ticks = tick;
        if (context.series.count > 0) row.names.push(context.series.label(0, '__name__'));
      },
    };
  },
}) as ProcessorDefinition;

interface Step {
  readonly series: readonly number[];
  readonly stale: boolean;
  readonly cluster: number;
  readonly waitMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  series: fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 }),
  stale: fc.boolean(),
  cluster: fc.integer({ min: 0, max: 2 }),
  waitMs: fc.constantFrom(0, 10, 4_000, 15_000, 400_000, 4_000_000),
});

function drive(steps: readonly Step[], restoreAfterEach: boolean): StageDriver {
  const driver = new StageDriver([sums], { restoreAfterEach });
  for (const { series, stale, cluster, waitMs } of steps) {
    driver.now += waitMs;
    driver.samples(
      `c${cluster}`,
      series.map((i) => ({
        labels: [
          ['__name__', 'm'],
          ['i', String(i)],
          ['prometheus_replica', i % 5 === 0 ? 'b' : 'a'],
        ],
        samples: [{ time: driver.now, value: stale && i % 3 === 0 ? ('stale' as const) : i / 7 }],
      })),
    );
  }
  return driver;
}

const flat = (outputs: readonly StageOutput[]) =>
  outputs.map(({ topic, headers, value }) => ({ topic, headers, value: value && text(value) }));

test('a restored state makes the same outputs and the same digest as a kept one', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const kept = drive(steps, false);
      const restored = drive(steps, true);
      expect(flat(restored.outputs)).toEqual(flat(kept.outputs));
      expect(bytesEqual(restored.position.digest, kept.position.digest)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

function runner(): Runner {
  const stage = { name: 'cluster', processors: [sums] };
  return new Runner(stage, { stage: 'cluster', partitions: 1, targets: {} });
}

function done(reply: { type: string }): Done {
  expect(reply.type).toBe('done');
  return reply as Done;
}

const load = (
  r: Runner,
  chunks: readonly Uint8Array[],
  position = startOf(0, 0),
  tail: Uint8Array[] = [],
) => done(r.handle({ type: 'load', partition: 0, position, chunks, tail }));

test('outputs do not depend on batch borders, and snapshot plus tail is the state', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 2, maxLength: 25 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }),
      (steps, sizes) => {
        const whole = drive(steps, false);
        const r = runner();
        let position = load(r, []).position;
        const outputs: StageOutput[] = [];
        let snapshot: Done | undefined;
        const tail: Uint8Array[] = [];
        for (const [k, batch] of cut(whole.records, sizes).entries()) {
          const records = encodeRecords(batch);
          const wantSnapshot = k % 3 === 1;
          const reply = done(
            r.handle({ type: 'batch', partition: 0, position, wantSnapshot, records }),
          );
          outputs.push(...reply.outputs);
          position = reply.position;
          if (wantSnapshot) {
            snapshot = { ...reply, chunks: reply.chunks.map((chunk) => chunk.slice()) };
            tail.length = 0;
          } else tail.push(records);
        }
        expect(flat(outputs)).toEqual(flat(whole.outputs));
        expect(position).toEqual(whole.position);
        const again = load(runner(), snapshot?.chunks ?? [], snapshot?.position, tail);
        expect(again.position).toEqual(position);
        expect(again.outputs).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});

function cut(records: readonly LogRecord[], sizes: readonly number[]): LogRecord[][] {
  const batches: LogRecord[][] = [];
  for (let at = 0, k = 0; at < records.length; k++) {
    const size = sizes[k % sizes.length]!;
    batches.push(records.slice(at, at + size));
    at += size;
  }
  return batches;
}

test('a runner at another position asks for the state', () => {
  const r = runner();
  const batch = {
    type: 'batch',
    partition: 0,
    wantSnapshot: false,
    records: encodeRecords([]),
  } as const;
  expect(r.handle({ ...batch, position: startOf(0, 0) }).type).toBe('need');
  load(r, []);
  expect(r.handle({ ...batch, position: startOf(0, 1) }).type).toBe('need');
  expect(r.handle({ ...batch, position: startOf(1, 0) }).type).toBe('need');
  expect(r.handle({ ...batch, position: startOf(0, 0) }).type).toBe('done');
});

test('an exception names stage, partition and offset', () => {
  const broken = defineProcessor({
    name: 'broken',
    version: 1,
    outputs: [],
    create: () => ({
      samples() {
        throw new Error('no good');
      },
    }),
  });
  const r = new Runner(
    { name: 'cluster', processors: [broken as ProcessorDefinition] },
    { stage: 'cluster', partitions: 1, targets: {} },
  );
  load(r, []);
  const { records } = drive([{ series: [1], stale: false, cluster: 0, waitMs: 0 }], false);
  const reply = r.handle({
    type: 'batch',
    partition: 0,
    position: startOf(0, 0),
    wantSnapshot: false,
    records: encodeRecords(records),
  });
  expect(reply).toMatchObject({
    type: 'failed',
    code: 'processor_threw',
    stage: 'cluster',
    partition: 0,
    offset: 0,
  });
});

test('a record that cannot be read goes to rejected, as it came, and its neighbours count', () => {
  const driver = drive([{ series: [1], stale: false, cluster: 0, waitMs: 0 }], false);
  const value = Uint8Array.from([255, 255, 255, 255, 255, 1, 2]);
  driver.give({ kind: 'samples', tenant: 't', cluster: 'c', encoding: 'snappy' }, value);
  driver.give({ kind: 'settings' }, Uint8Array.from([123]));
  driver.give({ kind: 'heartbeat' }, Uint8Array.from([123]));
  driver.give({ kind: 'nonsense' }, null);
  driver.advance(30_000);
  const [samples, settings] = driver.of('rejected').map(({ data }) => data);
  const place = { source: 'stage/cluster', topic: 'telemetry', partition: 0, offset: 1 };
  expect(rejectedData.parse(samples)).toMatchObject({ ...place, size: 7, truncated: false });
  expect(Buffer.from(samples.value, 'base64')).toEqual(Buffer.from(value));
  expect(settings.reason).toBe('record_not_json');
  expect(driver.of('status').at(-1)!.data.counters).toMatchObject({
    rejected_records: 3,
    unknown_kind: 1,
  });
});

test.each([
  ['settings', 'null'],
  ['settings', '[]'],
  ['settings', '{"version":"2","content":{}}'],
  ['settings', '{"version":1e999,"content":{}}'],
  ['settings', '{"version":2}'],
  ['settings', '{"version":2,"content":{"bundle":"../other"}}'],
  ['settings', '{"version":2,"content":{"bundle":7}}'],
  ['metadata', '{"families":7}'],
  ['metadata', '{"families":[null]}'],
  ['heartbeat', '7'],
  ['heartbeat', '{}'],
])('a %s record with the value %s goes to rejected and ends nothing', (kind, value) => {
  const driver = new StageDriver([sums]);
  driver.give({ kind, tenant: 't', cluster: 'c' }, Buffer.from(value));
  expect(driver.of('rejected').map(({ data }) => data.reason)).toEqual(['bad_record']);
});

test('other settings under the version in force go to rejected', () => {
  const driver = new StageDriver([sums]);
  for (const sha256 of ['a', 'a', 'b']) {
    driver.record('settings', { version: 1, sha256, content: {} });
  }
  expect(driver.of('rejected').map(({ data }) => data.reason)).toEqual(['settings_conflict']);
});

test('a heartbeat of another partition count stops the reader', () => {
  const driver = new StageDriver([sums], { partitions: 4 });
  expect(() => driver.record('heartbeat', { partitions: 8, hashVersion: 1 })).toThrow(/rekey/);
});

test('the type of a series born again is that of its own record, also in a kept state', () => {
  const typed = defineProcessor({
    name: 'typed',
    version: 1,
    outputs: ['x-typed'],
    create: (context) => ({
      born: (slot) =>
        context.emit({
          topic: 'x-typed',
          type: 'typed',
          cluster: 0,
          subject: 's',
          revision: 0,
          data: { type: context.series.type(slot) },
        }),
    }),
  }) as ProcessorDefinition;
  const told = (restoreAfterEach: boolean) => {
    const d = new StageDriver([typed], { restoreAfterEach });
    const labels: [string, string][] = [['__name__', 'm']];
    const sample = (value: number | 'stale') => [{ time: d.now, value }];
    d.samples('c', [{ labels, samples: sample(1), metadata: { type: 'counter' } }]);
    d.now += 1_000;
    d.samples('c', [{ labels, samples: sample('stale') }]);
    d.advance(4_000_000);
    d.samples('c', [{ labels, samples: sample(1) }]);
    return d.of('x-typed').map(({ data }) => data.type);
  };
  expect(told(false)).toEqual([1, 0]);
  expect(told(true)).toEqual([1, 0]);
});

test('births over the caps are counted, and taken when there is room again', () => {
  const driver = new StageDriver([sums], { restoreAfterEach: true });
  driver.record('settings', {
    version: 1,
    sha256: '',
    content: { series: { max_per_cluster: 2 } },
  });
  const series = (i: number) => ({
    labels: [
      ['__name__', 'm'],
      ['i', String(i)],
    ] as [string, string][],
    samples: [{ time: driver.now, value: 1 }],
  });
  driver.samples('c', [0, 1, 2, 3].map(series));
  driver.advance(15_000);
  expect(driver.of('status').at(-1)!.data).toMatchObject({
    series: 2,
    clusters: [{ counters: { untracked: 2, samples: 2 } }],
  });
});

test.each([
  ['a tenant alone may have all', 0, [8, 0], 12, false],
  ['and leaves room on top to who comes later', 4, [8, 2], 12 + 2, false],
  ['also where the state is restored', 4, [8, 2], 12 + 2, true],
  ['beside another it has three quarters', 5, [6, 2], 14 + 3, false],
] as const)('room for clusters: %s', (_, honest, expected, over, restoreAfterEach) => {
  const driver = new StageDriver([], { restoreAfterEach });
  driver.record('settings', { version: 1, sha256: '', content: { clusters_max: 8 } });
  const early = honest === 5 ? 1 : 0;
  const real = (i: number) => driver.samples(`real-${i}`, [], 'honest');
  if (early === 1) real(0);
  for (let i = 0; i < 20; i++) driver.samples(`made-up-${i}`, [], 'greedy');
  for (let i = early; i < honest; i++) real(i);
  const { clusters, counters } = driver.advance(15_000).of('status').at(-1)!.data;
  const of = (name: string) =>
    clusters.filter(({ tenant }: { tenant: string }) => tenant === name).length;
  expect([of('greedy'), of('honest')]).toEqual(expected);
  expect(counters.clusters_over_limit).toBe(over);
});

test('an async handler is refused: what it does later would fall into any batch', () => {
  const later = { ...sums, name: 'later', create: () => ({ async tick() {} }) };
  expect(() => new StageDriver([later])).toThrow(/processor later: handler tick is async/);
});
