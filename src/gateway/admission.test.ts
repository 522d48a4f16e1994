import { expect, test } from 'vitest';
import { Admission } from './admission.ts';

test('bytes are taken as they arrive and given back', () => {
  const room = new Admission({ bytesMax: 100, requestsMax: 10 });
  expect(room.reserve(60)).toBe(true);
  expect(room.hasRoom(40)).toBe(true);
  expect(room.hasRoom(41)).toBe(false);
  expect(room.reserve(41)).toBe(false);
  expect(room.bytes).toBe(60);
  room.release(60);
  expect(room.bytes).toBe(0);
});

test('one request alone passes, however small the limit is', () => {
  const room = new Admission({ bytesMax: 10, requestsMax: 10 });
  expect(room.hasRoom(1_000)).toBe(true);
  expect(room.reserve(1_000)).toBe(true);
  expect(room.reserve(1)).toBe(false);
});

test('requests are counted while they wait for the log', () => {
  const room = new Admission({ bytesMax: 100, requestsMax: 2 });
  expect([room.enter(), room.enter(), room.enter()]).toEqual([true, true, false]);
  expect(room.hasRoom(0)).toBe(false);
  room.leave();
  expect(room.hasRoom(0)).toBe(true);
  expect(room.requests).toBe(1);
});
