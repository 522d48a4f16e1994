import { expect, test } from 'vitest';
import { Shelf } from './shelf.ts';

const thing = (subject: string, over = false, revision = 0) => ({ subject, over, revision });
const shelfOf = (overMax?: number) =>
  new Shelf<ReturnType<typeof thing>>(({ over }) => over, overMax);

test('keeps all that is open, and forgets the first that were over', () => {
  const shelf = shelfOf(2);
  for (const name of ['a', 'b', 'c', 'd']) shelf.put(thing(name), 0);
  for (const name of ['c', 'a', 'b']) shelf.put(thing(name, true), 1);
  expect(shelf.list().map(({ subject }) => subject)).toEqual(['d', 'a', 'b']);
});

test('an answer does not take back what the stream told while it was made', () => {
  const shelf = shelfOf();
  shelf.put(thing('old'), 1_000);
  shelf.put(thing('a', false, 1), 59_000);
  shelf.put(thing('b', false, 1), 61_000);
  shelf.replace([thing('a'), thing('c')], 60_000);
  expect(shelf.list()).toEqual([thing('a', false, 1), thing('c'), thing('b', false, 1)]);
  shelf.replace([thing('c')], 90_000);
  expect(shelf.list()).toEqual([thing('c')]);
});
