import { expect, test } from 'vitest';
import { StatusBook } from '../server/follow-outputs.ts';
import { StageDriver } from '../testing/stage-driver.ts';
import { defineProcessor } from './processor.ts';

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
