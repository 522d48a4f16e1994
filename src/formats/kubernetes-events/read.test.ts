import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { decodeKubernetesEvent, encodeKubernetesEvent } from './event.ts';
import { mayHoldEvent, scanLines } from './precheck.ts';
import { readKubernetesEvents } from './read.ts';
import { crash, pressure, scheduling, shapesOf } from './shapes.test-kit.ts';

const read = (text: string, receivedMs: number | null = null) =>
  readKubernetesEvents(utf8(text), { receivedMs });

describe('shapes', () => {
  for (const event of [pressure, scheduling, crash]) {
    const start = Date.parse(event.eventTime ?? event.firstTimestamp!);
    for (const shape of shapesOf(event)) {
      it(`${shape.name}: ${event.reason}`, () => {
        const { events, rejected } = read(shape.text);
        expect(rejected).toEqual([]);
        expect(events).toHaveLength(1);
        const found = events[0]!;
        expect(Math.abs(found.start - start)).toBeLessThan(1000);
        expect(found).toMatchObject({
          cluster: shape.cluster,
          name: event.metadata.name,
          kind: event.involvedObject.kind,
          namespace: 'namespace' in event.involvedObject ? event.involvedObject.namespace : '',
          object: event.involvedObject.name,
          reason: event.reason,
          type: event.type,
          message: event.message,
          host: 'host' in event.source ? event.source.host : '',
          count: 'count' in event ? event.count : 1,
        });
        const component =
          'component' in event.source ? event.source.component : 'default-scheduler';
        expect(found.component).toBe(shape.hasComponent ? component : '');
        expect(found.container).toBe(event === crash ? 'mailer' : '');
        expect(decodeKubernetesEvent(encodeKubernetesEvent(found))).toEqual(found);
      });
    }
  }

  it('takes the time of the last occurrence from the series', () => {
    const series = { count: 9, lastObservedTime: '2026-11-22T13:50:00.000000Z' };
    const { events } = read(JSON.stringify({ ...scheduling, series }));
    expect(events[0]).toMatchObject({ count: 9, end: Date.UTC(2026, 10, 22, 13, 50) });
  });

  it('falls back to the clock in the name when a collector dropped the times', () => {
    const { creationTimestamp: _, ...metadata } = pressure.metadata;
    const bare = { ...pressure, metadata, firstTimestamp: null, lastTimestamp: null };
    const { events } = read(JSON.stringify(bare));
    expect(events[0]!.start).toBe(Date.UTC(2026, 10, 22, 13, 41, 53, 730));
  });

  it('reads lists and arrays', () => {
    const list = { kind: 'List', items: [pressure, crash] };
    expect(read(JSON.stringify(list)).events).toHaveLength(2);
    expect(read(JSON.stringify([{ verb: 'ADDED', event: pressure }])).events).toHaveLength(1);
  });
});

describe('bad records', () => {
  const reasons = (text: string, receivedMs: number | null = null): string[] =>
    read(text, receivedMs).rejected.map((r) => r.reason);
  const broken = (change: object): string => JSON.stringify({ ...pressure, ...change });

  it('gives a reason for each', () => {
    expect(reasons(JSON.stringify(pressure).slice(0, 300))).toEqual(['not_json']);
    expect(reasons(`{"involvedObject":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)).toEqual([
      'too_deep',
    ]);
    expect(reasons(broken({ message: 'x'.repeat(10_000_000) }))).toEqual(['too_large']);
    expect(reasons(broken({ reason: '' }))).toEqual(['no_reason']);
    expect(reasons(broken({ involvedObject: { kind: 'Node' } }))).toEqual(['no_object']);
    expect(reasons(broken({ involvedObject: 'Node' }))).toEqual(['unknown_shape']);
    const now = Date.UTC(2026, 10, 22, 13, 0);
    expect(reasons(JSON.stringify(pressure), now)).toEqual(['time_in_future']);
  });

  it('takes the year 1 for no time', () => {
    const unset = '0001-01-01T00:00:00Z';
    const metadata = { ...pressure.metadata, name: 'plain', creationTimestamp: unset };
    expect(reasons(broken({ metadata, firstTimestamp: unset, lastTimestamp: unset }))).toEqual([
      'no_time',
    ]);
  });

  it('leaves platform logs alone, also those that speak of event routers', () => {
    for (const log of [
      '{"message":"all is well"}',
      'not json at all',
      '{"message":"started eventrouter","kubernetes":{"pod_name":"eventrouter-1"}}',
      'eventrouter: starting',
    ]) {
      expect(read(log)).toEqual({ events: [], rejected: [] });
    }
  });

  it('never throws', () => {
    const texts = shapesOf(pressure).map((shape) => shape.text);
    const damage = fc.tuple(fc.constantFrom(...texts), fc.nat(4000), fc.string({ maxLength: 8 }));
    fc.assert(
      fc.property(damage, ([text, at, junk]) => {
        const cut = at % text.length;
        readKubernetesEvents(utf8(text.slice(0, cut) + junk + text.slice(cut + junk.length)));
        readKubernetesEvents(utf8(text.slice(0, cut)));
      }),
    );
  });
});

describe('pre-check', () => {
  it('lets every shape pass, escaped or not', () => {
    for (const event of [pressure, scheduling, crash]) {
      for (const { text } of shapesOf(event)) {
        expect(mayHoldEvent(utf8(text))).toBe(true);
        expect(mayHoldEvent(utf8(JSON.stringify({ message: text })))).toBe(true);
      }
    }
    expect(mayHoldEvent(utf8('{"message":"node is fine"}'))).toBe(false);
  });

  it('finds the same lines in a chunk as line by line', () => {
    const line = fc.constantFrom(
      '',
      'x',
      'involvedObject',
      'a regarding b',
      'k8s.event',
      'y'.repeat(50),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const found: string[] = [];
        const bytes = utf8(lines.join('\n'));
        scanLines(bytes, (start, end) =>
          found.push(Buffer.from(bytes.subarray(start, end)).toString()),
        );
        expect(found).toEqual(lines.filter((text) => mayHoldEvent(utf8(text))));
      }),
    );
  });
});
