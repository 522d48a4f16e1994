import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { Pool } from './pool.ts';

test('slots given back are given out again, cleared, and so after a restore', () => {
  const spec = { a: { type: 'f32', width: 2, initial: 3 }, b: 'u8' } as const;
  const pool = new Pool(spec);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([0, 1, 2]);
  pool.arrays.a.set([7, 8], 2);
  pool.give(2);
  expect(pool.adopt(pool, 1)).toBe(2);
  expect([...pool.arrays.a.slice(4, 6)]).toEqual([7, 8]);
  pool.give(0);
  pool.give(1);
  const out = new ByteWriter();
  pool.save(out);
  const restored = new Pool(spec);
  restored.load(new ByteReader(out.take()));
  for (const each of [pool, restored]) {
    expect([each.take(), each.take(), each.take()]).toEqual([1, 0, 3]);
    expect([...each.arrays.a.slice(0, 6)]).toEqual([3, 3, 3, 3, 7, 8]);
  }
});

test('what was saved is kept with its own columns, and slots given back meanwhile begin as declared', () => {
  const spec = { a: { type: 'f32', width: 2, initial: 3 }, b: 'u8' } as const;
  const pool = new Pool(spec);
  for (const value of [5, 6]) pool.arrays.a.fill(value, 2 * pool.take());
  const bytesOf = (of: Pool<never>): Uint8Array => {
    const out = new ByteWriter();
    of.save(out);
    return out.take();
  };
  const saved = bytesOf(pool as never);
  const kept = Pool.saved(new ByteReader(saved));
  expect(bytesOf(kept as never)).toEqual(saved);
  kept.give(0);
  const loaded = new Pool(spec);
  loaded.load(new ByteReader(bytesOf(kept as never)));
  expect([...loaded.arrays.a.slice(2, 4)]).toEqual([6, 6]);
  expect([loaded.take(), ...loaded.arrays.a.slice(0, 2)]).toEqual([0, 3, 3]);
});
