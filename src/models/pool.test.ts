import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { Pool } from './pool.ts';

test('slots given back are given out again, cleared, and so after a restore', () => {
  const spec = { a: { type: 'f32', width: 2, initial: 3 }, b: 'u8' } as const;
  const pool = new Pool(spec);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([0, 1, 2]);
  pool.arrays.a.set([7, 8], 2);
  pool.copy(1, 2);
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
