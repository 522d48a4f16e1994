import { expect, test } from 'vitest';
import { z } from 'zod';
import { text, utf8 } from '../core/bytes.ts';
import { StatusBook } from '../server/follow-outputs.ts';
import { StageDriver } from '../testing/stage-driver.ts';
import { HeldState } from './held-state.ts';
import { startOf } from './position.ts';
import { defineProcessor, type ProcessorDefinition } from './processor.ts';
import type { StageOutput } from './stage.ts';

test('a status of many clusters is several records, each within what Kafka takes', () => {
  const driver = new StageDriver([]);
  const names = Array.from({ length: 1_500 }, (_, i) => `${'c'.repeat(200)}-${i}`);
  const labels: [string, string][] = [['__name__', 'up']];
  for (const name of names) driver.samples(name, [{ labels, samples: [{ time: 1e12, value: 1 }] }]);
  driver.advance(15_000);
  const told = driver.of('status');
  expect(told.length).toBeGreaterThan(1);
  for (const { topic, value } of driver.outputs) {
    if (topic === 'status') expect(value!.length).toBeLessThan(600_000);
  }
  expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
  const book = new StatusBook();
  for (const { data } of told) book.take(data);
  const [whole, ...more] = book.all();
  expect(more).toEqual([]);
  expect(whole!.series).toBe(names.length);
  expect(whole!.clusters.map(({ cluster }) => cluster)).toEqual(names);
  expect(whole!.senders).toHaveLength(names.length);
  // A shorter one that follows leaves nothing of it.
  book.take({ ...told[0]!.data, part: 0, parts: 1 });
  expect(book.all()[0]!.clusters).toEqual(told[0]!.data.clusters);
});

test('one tenant with much to tell leaves room for the notes of another', () => {
  const noisy = defineProcessor({
    name: 'noisy',
    version: 1,
    outputs: [],
    create: () => ({
      notes: () =>
        Array.from({ length: 101 }, (_, i) => {
          return { cluster: i < 100 ? 0 : 1, what: `n${i}`, count: 1, seen: 1 };
        }),
    }),
  });
  const driver = new StageDriver([noisy]);
  driver.samples('c', [], 'loud').samples('c', [], 'quiet').advance(15_000);
  const { notes } = driver.of('status').at(-1)!.data;
  expect(notes).toHaveLength(51);
  expect(notes.at(-1)).toMatchObject({ tenant: 'quiet', what: 'n100' });
});

test('a partition without clusters tells its counters', () => {
  const driver = new StageDriver([]);
  driver.give({ kind: 'odd' }, null).advance(15_000);
  expect(driver.of('status').at(-1)!.data).toMatchObject({
    counters: { unknown_kind: 1 },
    clusters: [],
    parts: 1,
  });
});

test('a processor that cannot read the settings of other code is told until others come', () => {
  const own = (mode: string): ProcessorDefinition =>
    defineProcessor({
      name: 'own',
      version: 1,
      outputs: [],
      settings: z.object({ mode: z.literal(mode).default(mode) }),
      create: () => ({}),
    }) as unknown as ProcessorDefinition;
  const setup = { stage: 'cluster', partition: 0, partitions: 1, targets: { status: 1 } };
  const held = (definition: ProcessorDefinition, from?: HeldState): HeldState =>
    new HeldState(
      { name: 'cluster', processors: [definition] },
      setup,
      from?.position ?? startOf(0, 0),
      from?.save('') ?? [],
    );
  let [offset, timestamp] = [0, 0];
  const settings = (state: HeldState, version: number, mode: string): void => {
    const value = utf8(JSON.stringify({ version, sha256: '', content: { own: { mode } } }));
    timestamp += 60_000;
    state.take({ offset: offset++, timestamp, headers: { kind: 'settings' }, value }, []);
  };
  /** What each part of a status has of it. */
  const told = (state: HeldState): unknown[] => {
    const outputs: StageOutput[] = [];
    const headers = { kind: 'checkpoint' };
    timestamp += 60_000;
    state.take({ offset: offset++, timestamp, headers, value: null }, outputs);
    return outputs
      .filter(({ topic, value }) => topic === 'status' && value !== null)
      .map(({ value }) => JSON.parse(text(value!)).data.defaulted);
  };
  const before = held(own('old'));
  settings(before, 1, 'old');
  expect(told(before)).toEqual([undefined]);
  const after = held(own('new'), before);
  expect(told(after)).toEqual([['own']]);
  const again = held(own('new'), after);
  expect(told(again)).toEqual([['own']]);
  for (let i = 0; i < 2_000; i++) {
    const headers = { kind: 'kubernetes-event', tenant: 't', cluster: `${'c'.repeat(200)}-${i}` };
    again.take({ offset: offset++, timestamp, headers, value: null }, []);
  }
  expect(told(again)).toEqual([['own'], undefined]);
  settings(again, 2, 'new');
  expect(told(again)).toEqual([undefined, undefined]);
});
