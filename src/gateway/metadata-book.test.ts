import { expect, test } from 'vitest';
import type { FamilyMetadata } from '../formats/remote-write/columns.ts';
import { MetadataBook } from './metadata-book.ts';

const book = (familiesMax = 100): MetadataBook =>
  new MetadataBook({ familiesMax, clustersMax: 10, sendersMax: 2, metadataRepeatMs: 1_000 });
const family = (name: string, help = ''): FamilyMetadata => ({
  family: name,
  type: 'counter',
  help,
  unit: '',
});
const names = (families: readonly FamilyMetadata[]): string[] =>
  families.map(({ family: name }) => name);

test('a cluster gets what is new or changed, and nothing twice', () => {
  const sender = book().of('a');
  sender.sees('c1', 0);
  sender.tell(family('x'));
  sender.tell(family('y'));
  expect(names(sender.take('c1', 0))).toEqual(['x', 'y']);
  sender.tell(family('x'));
  expect(sender.take('c1', 1)).toEqual([]);
  sender.tell(family('x', 'new help'));
  expect(names(sender.take('c1', 2))).toEqual(['x']);
  // A cluster that comes later gets all of it.
  sender.sees('c2', 3);
  expect(names(sender.take('c2', 3))).toEqual(['x', 'y']);
});

test('what did not become durable is written again, and all of it from time to time', () => {
  const sender = book().of('a');
  sender.sees('c1', 0);
  sender.tell(family('x'));
  expect(names(sender.take('c1', 0))).toEqual(['x']);
  sender.failed('c1');
  expect(names(sender.take('c1', 1))).toEqual(['x']);
  sender.sees('c1', 999);
  expect(sender.take('c1', 999)).toEqual([]);
  expect(names(sender.take('c1', 1_000))).toEqual(['x']);
  // A cluster that the sender left is forgotten.
  expect(sender.take('c1', 2_500)).toEqual([]);
  expect(sender.clusters).toEqual([]);
});

test('memory is bounded: families, their texts, clusters, senders', () => {
  const all = book(2);
  const sender = all.of('a');
  sender.sees('c', 0);
  expect(sender.tell(family('x', 'h'.repeat(100_000)))).toBe(true);
  expect(sender.tell(family('y'))).toBe(true);
  expect(sender.tell(family('z'))).toBe(false);
  expect(sender.tell(family('n'.repeat(5_000)))).toBe(false);
  const texts = book(100_000).of('a');
  const long = 'h'.repeat(4_000);
  let kept = 0;
  while (kept < 10_000 && texts.tell(family(`m${kept}`, long))) kept++;
  expect(kept * long.length).toBeLessThan(17 << 20);
  // What is there may change, and another that is short finds room.
  expect(texts.tell(family('m0', 'short'))).toBe(true);
  expect(texts.tell(family('more', 'short'))).toBe(true);
  const taken = sender.take('c', 0);
  expect(names(taken)).toEqual(['x', 'y']);
  expect(taken[0]!.help).toHaveLength(4_096);
  for (let i = 0; i < 50; i++) sender.sees(`c${i}`, 0);
  expect(sender.clusters).toHaveLength(10);
  all.of('b');
  all.of('c');
  expect(all.of('a')).not.toBe(sender);
});
