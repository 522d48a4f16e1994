import { expect, test } from 'vitest';
import { Admission } from './admission.ts';

const make = (bytesMax: number, requestsMax = 10): Admission =>
  new Admission({ bytesMax, requestsMax });

test('bytes are taken as they arrive and given back', () => {
  const all = make(100);
  const a = all.of('a');
  expect(a.reserve(60)).toBe(true);
  expect(all.of('b').fits(40)).toBe(true);
  expect(all.of('b').fits(41)).toBe(false);
  expect(all.of('b').reserve(41)).toBe(false);
  expect(all.bytes).toBe(60);
  a.release(60);
  expect(all.bytes).toBe(0);
  expect(a.isEmpty).toBe(true);
});

test('one request alone passes, however small the limit is', () => {
  const all = make(10);
  expect(all.of('a').fits(1_000)).toBe(true);
  expect(all.of('a').reserve(1_000)).toBe(true);
  expect(all.of('a').reserve(1)).toBe(false);
  expect(all.of('b').reserve(1)).toBe(false);
});

test('no sender fills it all: a quarter is for the others', () => {
  const all = make(100, 8);
  const greedy = all.of('greedy');
  while (greedy.reserve(5));
  while (greedy.enter());
  expect([all.bytes, all.requests]).toEqual([75, 6]);
  const other = all.of('other');
  expect([other.reserve(20), other.enter(), other.enter(), other.enter()]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test('requests are counted while they wait for the log', () => {
  const all = make(100, 2);
  const [a, b] = [all.of('a'), all.of('b')];
  expect([a.enter(), b.enter(), b.enter()]).toEqual([true, true, false]);
  expect(a.hasTurn).toBe(false);
  a.leave();
  expect(b.hasTurn).toBe(true);
  expect(all.requests).toBe(1);
});

test('senders that hold nothing are forgotten, the others are not', () => {
  const all = make(1_000);
  const busy = all.of('busy');
  busy.reserve(10);
  for (let i = 0; i < 5_000; i++) all.of(`idle-${i}`);
  expect(all.of('busy')).toBe(busy);
  expect(all.of('idle-0').isEmpty).toBe(true);
});
